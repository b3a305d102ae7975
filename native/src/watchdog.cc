#include "watchdog.h"

#include <unistd.h>

#include <chrono>

namespace media {

namespace {

constexpr char kWord[] = "media plane: its loop hangs, so the process ends\n";

}  // namespace

Watchdog::Watchdog(const Turns& turns, Patience patience)
    : turns_(turns), thread_([this, patience] { watch(patience); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ending_.notify_one();
  thread_.join();
}

void Watchdog::watch(Patience patience) {
  std::unique_lock lock(mutex_);
  uint32_t last = 0;
  int same = 0;
  const std::chrono::milliseconds tick(patience.tickMs);
  while (!ending_.wait_for(lock, tick, [this] { return ended_; })) {
    const uint32_t turns = turns_.load(std::memory_order_relaxed);
    same = turns == last && turns % 2 == 1 ? same + 1 : 0;
    last = turns;
    if (same < patience.ticks) continue;
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kWord, sizeof kWord - 1);
    _exit(kStatus);
  }
}

}  // namespace media
