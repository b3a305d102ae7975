#pragma once

#include <bitset>
#include <cstdint>

#include "account.h"

namespace media {

// The payload types that an end's peer may send: what their clocks count, and what they are for.
class Formats {
 public:
  enum class Use : uint8_t {
    media = kUseMedia,
    // Telephone events (RFC 4733).
    events = kUseEvents,
    // Comfort noise, repairs and the like: neither the media nor even in their timing.
    aside = kUseAside,
  };
  static constexpr uint8_t kUses = 3;

  void add(uint8_t payloadType, uint32_t clockHz, Use use) {
    const uint8_t clock = clockHz < kClockMinHz ? 0 : clockOf(clockHz);
    table_.types[payloadType & 0x7f] =
        static_cast<uint8_t>(clock | static_cast<uint8_t>(use) << kUseShift);
    listed_.set(payloadType & 0x7f);
  }
  bool has(uint8_t payloadType) const { return listed_.test(payloadType & 0x7f); }
  const FormatTable& table() const { return table_; }

 private:
  // Slower ones measure nothing.
  static constexpr uint32_t kClockMinHz = 100;

  // More clock rates than one description names; further ones aren't known.
  uint8_t clockOf(uint32_t clockHz) {
    const uint32_t step = static_cast<uint32_t>((256'000'000'000 + clockHz / 2) / clockHz);
    for (uint8_t i = 1; i < kClocks; i++) {
      if (table_.steps[i] == 0) table_.steps[i] = step;
      if (table_.steps[i] == step) return i;
    }
    return 0;
  }

  FormatTable table_{};
  std::bitset<kPayloadTypes> listed_;
};

}  // namespace media
