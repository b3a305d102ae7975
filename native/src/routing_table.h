#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "address.h"
#include "bpf.h"

namespace media {

// What the kernel knows of interfaces and routes, asked by rtnetlink(7). Answers are kept until
// it says that something has changed.
class RoutingTable {
 public:
  // Which interface leads to a peer, and by which host; no interface: none that packets of
  // Ethernet could leave by.
  struct Way {
    uint32_t interface = 0;
    uint16_t mtu = 0;
    Address via;
  };

  RoutingTable();

  // Whether anything has changed since the last time, which makes former answers void.
  bool changed();
  // From our address to a peer's.
  const Way& wayOf(const Address& from, const Address& to);
  // The Ethernet interface with this address of ours, or 0.
  uint32_t holderOf(const Address& local);

 private:
  struct Holder {
    Address address;
    uint32_t interface;
  };
  struct Ethernet {
    uint32_t interface;
    uint16_t mtu;
  };
  using Pair = std::array<uint8_t, 33>;

  void readInterfaces();
  // Nullptr when it is none.
  const Ethernet* ethernetOf(uint32_t interface);
  Way ask(const Address& from, const Address& to);

  File questions_;
  File news_;
  std::vector<Holder> holders_;
  std::vector<Ethernet> ethernets_;
  bool read_ = false;
  std::map<Pair, Way> ways_;
};

}  // namespace media
