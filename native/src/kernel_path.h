#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bpf.h"
#include "routing_table.h"
#include "stream.h"

namespace media {

// Has the kernel itself relay what needs no thought: plain RTP between two sources that are
// settled, by Ethernet. All else stays with the sockets, which stay bound beneath: what is lent can
// be taken back at any time, and no packet is lost by it. The kernel's side of it ends with this
// process, however that ends.
class KernelPath {
 public:
  struct Plan {
    // The program as clang has built it; "" for none: not to be.
    std::string object;
    // Likewise that of `XdpPath`.
    std::string steering;
    // Our addresses, whose interfaces it is attached to. Others' are when they come to be used.
    std::vector<std::string> addresses;
    uint32_t streams = 0;
  };

  explicit KernelPath(const Plan& plan);
  ~KernelPath();
  KernelPath(const KernelPath&) = delete;
  KernelPath& operator=(const KernelPath&) = delete;

  // Why the kernel relays nothing; "" when it does.
  const std::string& fault() const { return fault_; }
  // Off, the sockets relay everything; on, which it is at first, what can be is lent again.
  void turn(bool on, const std::vector<std::unique_ptr<Stream>>& streams);
  // Lends what is ready for it, and follows what has changed of routes.
  void sweep(const std::vector<std::unique_ptr<Stream>>& streams, Ms now);
  // From here on the stream is the sockets' alone.
  void takeBack(Stream& stream);

 private:
  bool load(const Plan& plan);
  bool map(uint32_t entries);
  // At the interface with this address; false where it can't be.
  bool attach(const Address& local);
  void lend(Stream& stream, Ms now);
  bool lend(End& end);
  void takeBack(End& end);
  // Another way to the same peer.
  void reroute(Stream& stream);

  std::string fault_;
  RoutingTable table_;
  File routes_;
  File counts_;
  File program_;
  // By interface; one that couldn't be made isn't tried again.
  std::map<uint32_t, File> links_;
  bool on_ = true;
  Account* accounts_ = nullptr;
  size_t mappedBytes_ = 0;
  // Numbers of accounts; the one that was free longest is taken first, since the kernel may have
  // its hands on one for another microsecond.
  std::deque<uint32_t> free_;
};

}  // namespace media
