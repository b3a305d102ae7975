#pragma once

#include "system_calls.h"

namespace media {

// Takes from this process, for good, what its work doesn't need: docs/decisions/0012. What is to be
// loaded, opened by name or attached must be by then. nullptr, or what the system refused.
const char* confine(Work work);

}  // namespace media
