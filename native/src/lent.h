#pragma once

#include "address.h"
#include "kernel_route.h"

namespace media {

// The packets of one end's peer, while the kernel relays them: by which route, and where it counts.
struct Lent {
  Account* account = nullptr;
  uint32_t number = 0;
  RouteKey key{};
  Route route{};
  // What the end's own counters have of it already.
  uint64_t packets = 0;
  uint64_t bytes = 0;
};

}  // namespace media
