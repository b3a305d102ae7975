#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "neighbours.h"
#include "relay.h"
#include "routing_table.h"
#include "stream.h"
#include "xdp_ports.h"

namespace media {

// One source of packets that come past the network stack, and what leaves for the other side.
struct Steered {
  RouteKey key;
  Address from;
  Port* port;
  // How what the source sends leaves for `to`: by the sockets where this isn't known.
  XdpSocket* out = nullptr;
  Address to;
  FrameHeaders headers;
  size_t payloadMax = 0;
  // When a packet next goes by the network stack.
  Ms nextByStack = 0;
  // The kernel steers no further ones; what was on its way may still come, for a whole turn of sweeps.
  bool leaving = false;
  bool sweptLeaving = false;
};

// Takes in and sends on what has keys past the network stack, by AF_XDP, which costs far less than
// a socket for each packet. Who may send, what is counted and what it becomes is `Relay`'s as ever;
// the sockets stay bound beneath for all else, and whatever can't leave by Ethernet here leaves by
// them. The kernel's side of it ends with this process, however that ends.
class XdpPath {
 public:
  explicit XdpPath(const XdpPorts::Plan& plan) : ports_(plan) {}
  XdpPath(const XdpPath&) = delete;
  XdpPath& operator=(const XdpPath&) = delete;

  // Why nothing goes this way; "" when it does.
  const std::string& fault() const { return ports_.fault(); }
  // Has epoll say so when frames wait; it names this object.
  void watch(int epoll);
  // Off, the sockets have everything; on, which it is at first, what can be is steered again.
  void turn(bool on, const std::vector<std::unique_ptr<Stream>>& streams);
  // Steers what is ready for it, and follows what has changed of sources, ways and neighbours.
  void sweep(const std::vector<std::unique_ptr<Stream>>& streams, Ms now);
  // Takes what waits, and sends on what may pass.
  void receive(Relay& relay, Ms now, Us arrival);
  // From here on what comes for the stream goes to the sockets. What was on its way is still heard.
  void takeBack(Stream& stream);
  // The stream is going to be no more.
  void forget(Stream& stream);

 private:
  static constexpr size_t kBatch = 256;

  struct Hash {
    size_t operator()(const RouteKey& key) const;
  };
  struct Same {
    bool operator()(const RouteKey& one, const RouteKey& other) const {
      return std::memcmp(&one, &other, sizeof one) == 0;
    }
  };

  void follow(End& end, Ms now, bool changed);
  bool steer(End& end, const Address& from);
  void leave(Steered& steered);
  void forget(End& end);
  void findWay(Steered& steered, Ms now);
  void take(const xdp_desc& frame, Relay& relay, Ms now, Us arrival);
  // False when the frame is still ours.
  bool sendOn(Steered& steered, const Packet& packet, Ms now);
  bool sendByStack(const End& to, const Packet& packet);
  void flush();

  XdpPorts ports_;
  RoutingTable table_;
  Neighbours neighbours_;
  bool on_ = true;
  // How many more may be steered at this sweep.
  size_t left_ = 0;
  std::unordered_map<RouteKey, std::unique_ptr<Steered>, Hash, Same> steered_;
  std::array<xdp_desc, kBatch> frames_;
};

}  // namespace media
