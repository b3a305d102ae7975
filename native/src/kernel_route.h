#pragma once

// What the plane and the kernel's program (native/kernel/relay.bpf.c) tell one another; C, as both
// are made of it.

#include "account.h"

#ifdef __cplusplus
namespace media {
#endif

// The packets that one route is for: those from a peer's source to our port. Addresses and ports
// are in the network's order, IPv4 in the first four bytes.
struct RouteKey {
  uint8_t to[16];
  uint8_t from[16];
  uint16_t toPort;
  uint16_t fromPort;
  // 4 or 6.
  uint32_t version;
};

// What becomes of them: sent on from our port on the other side to the other peer.
struct Route {
  uint8_t from[16];
  uint8_t to[16];
  // The next hop, and the interface that it is behind.
  uint8_t via[16];
  uint32_t interface;
  uint16_t fromPort;
  uint16_t toPort;
  // Where they are counted.
  uint32_t account;
  // Our own class of service (RFC 2474), in its place in the byte.
  uint8_t trafficClass;
  // 4 or 6: the other side's family may be another.
  uint8_t version;
  // The longest packet that the next link takes.
  uint16_t mtu;
};

// One direction of a stream while the kernel relays it, in memory that both see.
struct Account {
  struct FormatTable formats;
  struct QualityState quality;
  uint64_t packets;
  uint64_t bytes;
  int64_t lastNs;
};

#ifdef __cplusplus
}  // namespace media
#endif
