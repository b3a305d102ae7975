#pragma once

namespace media {

// Takes all capabilities from every thread of this process; those that one creates later have none
// either. False when a thread kept some.
bool dropCapabilities();

}  // namespace media
