#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace media {

// Ends the process when the loop that it watches doesn't come round: whoever started it starts
// another one, which relays, and a process that hangs doesn't.
class Watchdog {
 public:
  // Counted by the loop: odd while it works, even while it waits.
  using Turns = std::atomic<uint32_t>;

  // Of a process that was ended so.
  static constexpr int kStatus = 70;

  struct Patience {
    int tickMs;
    int ticks;
  };
  // A turn takes milliseconds. Ticks are counted, not time: a process that was stopped, or a
  // machine that was, has nothing wrong with it when it goes on.
  static constexpr Patience kPatience{500, 10};

  explicit Watchdog(const Turns& turns, Patience patience = kPatience);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void watch(Patience patience);

  const Turns& turns_;
  std::mutex mutex_;
  std::condition_variable ending_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace media
