#include "capabilities.h"

#include <dirent.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>

namespace media {

namespace {

// Those that are needed while packets pass, one bit each: none. The kernel's part is attached by
// then, and its tables are filled by whoever holds them open (Linux 6.6, which it takes anyway).
constexpr uint64_t kKept = 0;

constexpr int kCapabilitiesMax = 64;
constexpr int kAnswerTries = 20000;
constexpr timespec kBetweenTries{0, 100000};

// Capabilities are a thread's own, so each one has to do this itself. System calls alone: it runs
// in a signal's handler too.
bool dropOwn() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, held) != 0) return false;
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  // Without CAP_SETPCAP the bounding set stays; it only counts when a program is started.
  for (int i = 0; i < kCapabilitiesMax; i++) {
    if ((kKept >> i & 1) == 0) prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
  }
  for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
    const auto kept = static_cast<uint32_t>(kKept >> (32 * i));
    held[i].permitted &= kept;
    held[i].effective &= kept;
    held[i].inheritable = 0;
  }
  return syscall(SYS_capset, &header, held) == 0;
}

std::atomic<int> answers;
std::atomic<bool> refused;

void onSignal(int) {
  const int error = errno;
  if (!dropOwn()) refused = true;
  answers++;
  errno = error;
}

// False when the thread doesn't answer. One that has ended has nothing to drop.
bool askThread(int signal, pid_t thread) {
  const int before = answers;
  if (syscall(SYS_tgkill, getpid(), thread, signal) != 0) return errno == ESRCH;
  for (int i = 0; i < kAnswerTries; i++) {
    if (answers != before) return true;
    nanosleep(&kBetweenTries, nullptr);
  }
  return false;
}

bool askOthers(int signal) {
  std::set<pid_t> asked{static_cast<pid_t>(syscall(SYS_gettid))};
  // A thread that was created meanwhile may have what its creator had then.
  for (bool fresh = true; fresh;) {
    fresh = false;
    const std::unique_ptr<DIR, int (*)(DIR*)> threads(opendir("/proc/self/task"), closedir);
    if (!threads) return false;
    while (const dirent* entry = readdir(threads.get())) {
      const auto thread = static_cast<pid_t>(std::atoi(entry->d_name));
      if (thread == 0 || !asked.insert(thread).second) continue;
      fresh = true;
      if (!askThread(signal, thread)) return false;
    }
  }
  return true;
}

}  // namespace

bool dropCapabilities() {
  // The runtime blocks none of these in any thread.
  const int signal = SIGRTMAX - 1;
  struct sigaction action{};
  struct sigaction former{};
  action.sa_handler = onSignal;
  action.sa_flags = SA_RESTART;
  if (sigaction(signal, &action, &former) != 0 || !dropOwn()) return false;
  const bool answered = askOthers(signal);
  // Whoever answers late mustn't die of it: then the handler stays.
  if (answered) sigaction(signal, &former, nullptr);
  return answered && !refused;
}

}  // namespace media
