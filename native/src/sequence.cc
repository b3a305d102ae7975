#include "sequence.h"

namespace media {

namespace {

constexpr uint32_t kModulus = 1 << 16;
constexpr uint16_t kDropoutMax = 3000;
constexpr uint16_t kMisorderMax = 100;
constexpr uint32_t kNothingAwaited = kModulus + 1;
constexpr uint16_t kSeen = 64;

}  // namespace

Sequence::Arrival Sequence::count(uint32_t ssrc, uint16_t number) {
  if (!begun_ || ssrc != ssrc_) return begin(ssrc, number);
  const uint16_t ahead = static_cast<uint16_t>(number - highest_);
  if (ahead == 0 || ahead > kModulus - kMisorderMax) {
    return countLate(static_cast<uint16_t>(highest_ - number));
  }
  if (ahead >= kDropoutMax) {
    // A great leap: a sender that began anew shows it by a second packet in a row.
    if (number == awaited_) return begin(ssrc, number);
    awaited_ = (number + 1u) % kModulus;
    return Arrival::stray;
  }
  if (number < highest_) cycles_ += kModulus;
  highest_ = number;
  seen_ = ahead < kSeen ? seen_ << ahead | 1 : 1;
  received_++;
  return Arrival::next;
}

// What is too old to be remembered is taken for late: a duplicate seldom is that old.
Sequence::Arrival Sequence::countLate(uint16_t behind) {
  const uint64_t bit = behind < kSeen ? uint64_t{1} << behind : 0;
  if (seen_ & bit) {
    duplicates_++;
    return Arrival::duplicate;
  }
  seen_ |= bit;
  reordered_++;
  received_++;
  return Arrival::late;
}

Sequence::Arrival Sequence::begin(uint32_t ssrc, uint16_t number) {
  settled_ += open();
  ssrc_ = ssrc;
  first_ = highest_ = number;
  cycles_ = 0;
  received_ = 1;
  seen_ = 1;
  awaited_ = kNothingAwaited;
  begun_ = true;
  return Arrival::first;
}

uint64_t Sequence::open() const {
  if (!begun_) return 0;
  // What came late from before the first packet is more than was expected.
  const int64_t expected = static_cast<int64_t>(cycles_ + highest_) - first_ + 1;
  const int64_t missing = expected - static_cast<int64_t>(received_);
  return missing > 0 ? static_cast<uint64_t>(missing) : 0;
}

}  // namespace media
