#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

#include "address.h"
#include "negotiator.h"
#include "rtp_extension.h"
#include "stream.h"

namespace media {

// One packet where it came to, with room for what protection adds behind it and, where one end is in
// a bundle, for a name in front.
struct Packet {
  uint8_t* at;
  size_t size;
  const Address& from;
  // Only its beginning is there.
  bool cut = false;
  bool rtcp = false;
  // Whose peer's it is: of a bundle one of several.
  End* end = nullptr;
  // Where it may go on to, from the other end's port, once it was judged.
  const Address* target = nullptr;
};

// Takes what waits on a port and sends on what may pass, where packets come together in batches.
// They are never copied.
class Relay {
 public:
  // Events are appended to `events` as frames.
  Relay(std::string& events, Negotiator& negotiator);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // `arrival` is the same clock, finer. Takes a batch of what waits, or but the first of it: voice
  // has no second, and epoll will tell of one.
  void receive(Port& port, Ms now, Us arrival, bool all);
  // Books a packet that came to the port, however it came there, and makes it what the other end's
  // peer is to be sent. False when nothing is to be sent on.
  bool judge(Packet& packet, Port& port, Ms now, Us arrival);

 private:
  static constexpr size_t kBatch = 32;
  // A jumbo frame's worth; what is longer is dropped, never cut.
  static constexpr size_t kPacketBytes = 9216;

  // The packets of one batch that leave by one port.
  struct Departure {
    std::array<mmsghdr, kBatch> messages;
    unsigned size = 0;
    End* end = nullptr;
  };

  // The plainer calls take and send a single packet for less.
  void receiveOne(Port& port, Ms now, Us arrival);
  void receiveMany(Port& port, Ms now, Us arrival);
  void sendOne(const Packet& packet);
  // Hands on what is no media; false when it is.
  bool negotiate(const Packet& packet, Port& port, Ms now);
  // Makes it plain and says what it is; false when it was dropped, and counted.
  bool read(Packet& packet, Port& port, Ms now);
  bool open(Packet& packet, Port& port, Ms now);
  bool admit(const Packet& packet, Port& port, Ms now);
  // Books it as the packet of this end's peer.
  bool goOn(Packet& packet, End& end, Ms now, Us arrival);
  // Finds out whose it is of a bundle's.
  bool goOnBundled(Packet& packet, End& carrier, Ms now, Us arrival);
  // Sends each line that it concerns its part.
  void divide(const Packet& packet, Bundle& bundle, Bundle::Lines lines, Ms now, Us arrival);
  bool pass(Packet& packet, Ms now);
  void learnt(Port& port);
  void depart(size_t i, const Packet& packet);
  void send(Departure& departure, bool rtcp);

  std::string& events_;
  Negotiator& negotiator_;
  using Room = std::array<uint8_t, kExtensionGrowth + kPacketBytes + kSrtpGrowth>;
  std::array<Room, kBatch> packets_;
  // A part of a compound packet.
  Room spare_;
  std::array<iovec, kBatch> vectors_;
  std::array<Address, kBatch> sources_;
  std::array<mmsghdr, kBatch> received_{};
  std::array<Departure, 2> departures_;
};

}  // namespace media
