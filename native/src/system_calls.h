#pragma once

#include <cstdint>

namespace media {

// What a plane has prepared when it is confined: to relay by sockets alone, or by a program of the
// kernel too, whose table it fills.
enum class Work : uint8_t { sockets, socketsAndKernel };

// From now on, and for good, this process may do no more than relay: a list of the system calls
// that its threads need (seccomp). Starting a program or looking into another process ends this
// one; any other call is refused (EPERM). False when the kernel doesn't have it.
bool restrictSystemCalls(Work work);

}  // namespace media
