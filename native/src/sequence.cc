#include "sequence.h"

namespace media {

namespace {

constexpr uint32_t kModulus = 1 << 16;
constexpr uint16_t kDropoutMax = 3000;
constexpr uint16_t kMisorderMax = 100;
constexpr uint32_t kNothingAwaited = kModulus + 1;

}  // namespace

void Sequence::count(uint32_t ssrc, uint16_t number) {
  if (!begun_ || ssrc != ssrc_) return begin(ssrc, number);
  const uint16_t ahead = static_cast<uint16_t>(number - highest_);
  if (ahead < kDropoutMax) {
    if (number < highest_) cycles_ += kModulus;
    highest_ = number;
  } else if (ahead <= kModulus - kMisorderMax) {
    // A great leap: a sender that began anew shows it by a second packet in a row.
    if (number == awaited_) return begin(ssrc, number);
    awaited_ = (number + 1u) % kModulus;
    return;
  }
  received_++;
}

void Sequence::begin(uint32_t ssrc, uint16_t number) {
  settled_ += open();
  ssrc_ = ssrc;
  first_ = highest_ = number;
  cycles_ = 0;
  received_ = 1;
  awaited_ = kNothingAwaited;
  begun_ = true;
}

uint64_t Sequence::open() const {
  if (!begun_) return 0;
  // Duplicates can outnumber the losses, as the RFC says.
  const int64_t expected = static_cast<int64_t>(cycles_ + highest_) - first_ + 1;
  const int64_t missing = expected - static_cast<int64_t>(received_);
  return missing > 0 ? static_cast<uint64_t>(missing) : 0;
}

}  // namespace media
