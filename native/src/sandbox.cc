#include "sandbox.h"

#include "capabilities.h"
#include "process_limits.h"

namespace media {

const char* confine(Work work) {
  // The limit first: raising it may take a privilege.
  raiseFileLimit();
  if (!keepMemoryPrivate()) return "its memory can't be kept from others";
  if (!dropCapabilities()) return "its capabilities can't be dropped";
  if (!restrictSystemCalls(work)) return "the kernel has no seccomp filters";
  return nullptr;
}

}  // namespace media
