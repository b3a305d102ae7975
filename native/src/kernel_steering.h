#pragma once

// What the plane and the kernel's other program (native/kernel/steer.bpf.c) tell one another; C, as
// both are made of it.

#include "kernel_route.h"

#ifdef __cplusplus
namespace media {
#endif

// Longer frames are left to the sockets: they wouldn't fit into the plane's with what is added.
enum { kSteeredBytesMax = 1700 };

// Where the frames of one source go: to the plane's sockets on the interface, one for each queue.
struct Steering {
  uint32_t interface;
  // The number of its first queue's socket, and of its queues.
  uint32_t first;
  uint32_t queues;
  // The interface's own; what is for another one isn't ours.
  uint8_t hardware[6];
  uint16_t unused;
};

#ifdef __cplusplus
}  // namespace media
#endif
