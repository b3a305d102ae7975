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

    bool operator==(const Way& other) const {
      return interface == other.interface && mtu == other.mtu && via.sameHost(other.via);
    }
  };

  RoutingTable();

  // Whether anything has changed since the last time, which makes former answers void.
  bool changed();
  // Asks again for what was asked some seconds ago, little by little, once a second: a path that
  // grew narrower (RFC 1191) is no news to the kernel. True when any way is another.
  bool renewed();
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
  // The family, our address and the peer's.
  using Pair = std::array<uint8_t, 33>;
  struct Known {
    Way way;
    // The turn when it was asked for.
    uint32_t asked;
  };

  void readInterfaces();
  // Nullptr when it is none.
  const Ethernet* ethernetOf(uint32_t interface);
  Way ask(const Address& from, const Address& to);

  File questions_;
  File news_;
  std::vector<Holder> holders_;
  std::vector<Ethernet> ethernets_;
  bool read_ = false;
  std::map<Pair, Known> ways_;
  uint32_t turn_ = 0;
};

}  // namespace media
