#include "sandbox_test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "../src/sandbox.h"
#include "../src/watchdog.h"

using namespace media;

namespace {

constexpr int kHeld = 17;

// How a process ends in which `act` is done; it ends with `kHeld` when that is true.
template <typename Act>
int endOf(Act act) {
  const pid_t child = fork();
  if (child == 0) _exit(act() ? kHeld : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

bool isRefused(long result) { return result < 0 && errno == EPERM; }

bool refusesAll() {
  return isRefused(socket(AF_UNIX, SOCK_STREAM, 0)) && isRefused(socket(AF_INET, SOCK_STREAM, 0)) &&
         isRefused(socket(AF_NETLINK, SOCK_DGRAM, 0)) && isRefused(open("/etc/passwd", O_RDONLY)) &&
         isRefused(syscall(SYS_unlinkat, AT_FDCWD, "/tmp/none", 0)) &&
         isRefused(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)) && isRefused(kill(getppid(), 0)) &&
         isRefused(syscall(SYS_bpf, 0, 0, 0)) && isRefused(setuid(0));
}

bool stillWorks() {
  const int udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  bool ran = false;
  std::thread([&ran] { ran = true; }).join();
  return udp >= 0 && close(udp) == 0 && ran;
}

bool isKilledBy(int status, int signal) { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }

bool hasStatus(int status, int wanted) { return WIFEXITED(status) && WEXITSTATUS(status) == wanted; }

constexpr Watchdog::Patience kShort{2, 5};

void rest(long ms) {
  const timespec time{ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, nullptr);
}

}  // namespace

bool sandboxHolds() {
  const int held = endOf([] { return !confine(Work::sockets) && refusesAll() && stillWorks(); });
  const int started = endOf([] {
    const char* program[] = {"/bin/true", nullptr};
    if (!confine(Work::sockets)) execv(program[0], const_cast<char**>(program));
    return false;
  });
  const int looked = endOf([] { return !confine(Work::sockets) && syscall(SYS_ptrace, 16, getppid(), 0, 0) < 0; });
  return hasStatus(held, kHeld) && isKilledBy(started, SIGSYS) && isKilledBy(looked, SIGSYS);
}

bool watchdogEndsWhatHangs() {
  const int status = endOf([] {
    close(STDERR_FILENO);
    const Watchdog::Turns atWork{3};
    const Watchdog watchdog(atWork, kShort);
    rest(20000);
    return false;
  });
  return hasStatus(status, Watchdog::kStatus);
}

bool watchdogLeavesTheRest() {
  const int waits = endOf([] {
    const Watchdog::Turns waiting{4};
    const Watchdog watchdog(waiting, kShort);
    rest(100);
    return true;
  });
  const int moves = endOf([] {
    Watchdog::Turns turns{3};
    // A tick that is long enough for a turn on a busy machine.
    const Watchdog watchdog(turns, {50, 2});
    for (int i = 0; i < 300; i++) {
      turns += 2;
      rest(1);
    }
    return true;
  });
  return hasStatus(waits, kHeld) && hasStatus(moves, kHeld);
}
