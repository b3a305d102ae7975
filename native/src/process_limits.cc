#include "process_limits.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>

#include "plane.h"

namespace media {

namespace {

// Files that aren't ports: the runtime's own, the control sockets, epoll.
constexpr rlim_t kOtherFiles = 64;
constexpr rlim_t kPortsPerCall = 4;
constexpr rlim_t kFilesWanted = 2 * 65536 + kOtherFiles;

}  // namespace

uint32_t raiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  // Beyond the hard limit by privilege (CAP_SYS_RESOURCE), where there is some.
  for (const rlim_t hard : {std::max(limit.rlim_max, kFilesWanted), limit.rlim_max}) {
    if (limit.rlim_cur >= hard) continue;
    const rlimit raised{hard, hard};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  const rlim_t files = limit.rlim_cur > kOtherFiles ? limit.rlim_cur - kOtherFiles : 0;
  return static_cast<uint32_t>(std::min<rlim_t>(files / kPortsPerCall, Plane::kStreamsMax));
}

bool keepMemoryPrivate() {
  const rlimit none{0, 0};
  return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

}  // namespace media
