#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "account.h"
#include "formats.h"
#include "sequence.h"

namespace media {

// Microseconds, of the same clock as `Ms`.
using Us = int64_t;

// A figure that nothing was measured for yet.
constexpr double kUnknown = -1;

// How evenly packets come (RFC 3550 §6.4.1, §A.8), in time and not in steps of the codec's clock,
// so that a change of codec changes nothing.
class Jitter {
 public:
  explicit Jitter(const JitterState& state) : state_(state) {}

  // The running estimate, as the source's own receiver reports it.
  double nowMs() const {
    return state_.compared > 0 ? static_cast<double>(state_.estimate) / 16e6 : kUnknown;
  }
  // Its mean over all packets of all sources.
  double meanMs() const {
    const auto compared = static_cast<double>(state_.compared);
    return state_.compared > 0 ? static_cast<double>(state_.sumNs) / compared / 1e6 : kUnknown;
  }

 private:
  const JitterState& state_;
};

// The way to one peer and back, by its answers to the sender reports that went by us to it
// (RFC 3550 §6.4.1): it says how long it kept each, the rest was on the way.
class RoundTrip {
 public:
  // Its peer's report, by the middle of its NTP timestamp.
  void left(uint32_t report, Us now);
  void answered(uint32_t report, uint32_t keptFor, Us now);
  double lastMs() const { return measured_ > 0 ? last_ / 1000 : kUnknown; }
  double meanMs() const {
    return measured_ > 0 ? sum_ / static_cast<double>(measured_) / 1000 : kUnknown;
  }

 private:
  struct Report {
    uint32_t stamp = 0;
    Us left = 0;
  };
  // A peer answers the latest report; others may be under way.
  static constexpr size_t kReports = 4;

  std::array<Report, kReports> reports_{};
  uint8_t next_ = 0;
  uint32_t measured_ = 0;
  double last_ = 0;
  double sum_ = 0;
};

// What the packets of one end's peer are like. Sources (SSRC) follow one another: another one
// settles the account of the last.
class Quality {
 public:
  static constexpr uint8_t kNoPayloadType = 0xff;

  Quality() { state_.payloadType = kNoPayloadType; }

  // One valid packet of RTP, made plain.
  void count(const uint8_t* rtp, size_t size, const Formats& formats, Us now);
  Sequence sequence() const { return Sequence(state_.sequence); }
  Jitter jitter() const { return Jitter(state_.jitter); }
  // Digits pressed; which ones is nobody's business.
  uint64_t dtmfEvents() const { return state_.dtmfEvents; }
  // Of the last packet that was no telephone event, nor another thing aside.
  uint8_t payloadType() const { return static_cast<uint8_t>(state_.payloadType); }

  // All of it, which the kernel goes on with for a while.
  const QualityState& state() const { return state_; }
  void resume(const QualityState& state) { state_ = state; }

 private:
  QualityState state_{};
};

// Reads a valid compound of RTCP on its way from one end to the other, by the round trips of both.
void readReports(const uint8_t* rtcp, size_t size, RoundTrip& from, RoundTrip& to, Us now);

}  // namespace media
