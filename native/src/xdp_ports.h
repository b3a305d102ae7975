#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bpf.h"
#include "ethernet_frame.h"
#include "frame_memory.h"
#include "kernel_steering.h"
#include "xdp_socket.h"

namespace media {

// Our Ethernet interfaces with their AF_XDP sockets, one a queue, and the kernel's program in front
// of them that says what comes by these.
class XdpPorts {
 public:
  struct Plan {
    // The program as clang has built it; "" for none: not to be.
    std::string object;
    // Our addresses, whose interfaces are meant.
    std::vector<std::string> addresses;
    // Sources that may be steered at once.
    uint32_t sources = 0;
  };

  explicit XdpPorts(const Plan& plan);

  // Why there are none; "" when there are.
  const std::string& fault() const { return fault_; }
  bool open() const { return !interfaces_.empty(); }

  // Steers one source's packets to the sockets of the interface, or no longer. False when the
  // kernel refuses.
  bool steer(const RouteKey& source, uint32_t interface);
  void leave(const RouteKey& source);
  // By which frames leave the interface, and as whose; nullptr when it isn't one of ours.
  XdpSocket* outOf(uint32_t interface);
  const Hardware* hardwareOf(uint32_t interface) const;
  // Interfaces have changed: their own addresses are asked for again. True when one is another, and
  // what is steered must be steered anew.
  bool readHardware();

  FrameMemory& memory() { return memory_; }
  std::vector<std::unique_ptr<XdpSocket>>& sockets() { return sockets_; }

 private:
  struct Interface {
    Steering steering{};
    Hardware hardware{};
    File link;
  };

  bool load(const Plan& plan);
  // Tells how many queues there are of all.
  uint32_t choose(const Plan& plan);
  bool openSockets(uint32_t queues);
  bool openSockets(uint32_t queues, uint32_t pieces);
  void attach();
  const Interface* find(uint32_t interface) const;

  std::string fault_;
  File sources_;
  File queues_;
  File program_;
  // Unmapped last: the sockets have it.
  FrameMemory memory_;
  std::vector<std::unique_ptr<XdpSocket>> sockets_;
  std::vector<Interface> interfaces_;
};

}  // namespace media
