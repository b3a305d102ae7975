#pragma once

#include <cstdint>

namespace media {

// Raises the limit of open files to what all ports of two addresses take, or as far as it goes;
// how many calls of one audio stream (four ports) that carries.
uint32_t raiseFileLimit();

// What is in memory, keys among it, is never written to a file nor shown to another process.
bool keepMemoryPrivate();

}  // namespace media
