#pragma once

#include <array>
#include <cstdint>

namespace media {

// The payload types that an end's peer may send: what their clocks count, and what they are for.
class Formats {
 public:
  enum class Use : uint8_t {
    media,
    // Telephone events (RFC 4733).
    events,
    // Comfort noise, repairs and the like: neither the media nor even in their timing.
    aside,
  };
  static constexpr uint8_t kUses = 3;
  // More clock rates than one description names; further ones aren't known.
  static constexpr uint8_t kRatesMax = 15;

  void add(uint8_t payloadType, uint32_t clockHz, Use use) {
    const uint8_t rate = clockHz == 0 ? 0 : rateOf(1e6 / clockHz);
    types_[payloadType & 0x7f] = static_cast<uint8_t>(rate | static_cast<uint8_t>(use) << kUse);
  }

  // Microseconds of one step of the timestamp; 0 when nobody said.
  double stepUs(uint8_t payloadType) const { return steps_[types_[payloadType] & kRate]; }
  Use use(uint8_t payloadType) const { return static_cast<Use>(types_[payloadType] >> kUse); }

 private:
  static constexpr uint8_t kRate = 0x0f;
  static constexpr uint8_t kUse = 4;

  uint8_t rateOf(double stepUs) {
    for (uint8_t i = 1; i <= kRatesMax; i++) {
      if (steps_[i] == 0) steps_[i] = stepUs;
      if (steps_[i] == stepUs) return i;
    }
    return 0;
  }

  // Index 0 is the rate that isn't known.
  std::array<double, kRatesMax + 1> steps_{};
  std::array<uint8_t, 128> types_{};
};

}  // namespace media
