#pragma once

#include <cstdint>

namespace media {

// Where a source is in its sequence, and which of its last 128 packets came (RFC 3711 §3.3.1,
// §3.3.2, appendix A). An index is 48 bits: the rollover counter and the sequence number.
class PacketIndex {
 public:
  bool begun() const { return begun_; }
  uint64_t highest() const { return highest_; }

  // The index nearest to the highest that has this sequence number.
  uint64_t nearest(uint16_t sequence) const { return nearest(highest_, sequence); }

  static uint64_t nearest(uint64_t to, uint16_t sequence) {
    const uint64_t same = (to & ~uint64_t{0xffff}) | sequence;
    const auto leap = static_cast<int64_t>(same) - static_cast<int64_t>(to);
    if (leap > 0x8000 && same > 0xffff) return same - 0x10000;
    return leap < -0x8000 ? same + 0x10000 : same;
  }

  // Whether it is ahead of all, or inside the window and new.
  bool fresh(uint64_t index) const {
    if (!begun_ || index > highest_) return true;
    const uint64_t age = highest_ - index;
    return age < kWindow && !(seen_ >> age & 1);
  }

  void commit(uint64_t index) {
    if (!begun_) {
      begun_ = true;
      highest_ = index;
      seen_ = 1;
    } else if (index > highest_) {
      const uint64_t leap = index - highest_;
      seen_ = leap < kWindow ? seen_ << leap | 1 : 1;
      highest_ = index;
    } else {
      seen_ |= static_cast<unsigned __int128>(1) << (highest_ - index);
    }
  }

  static constexpr uint64_t kWindow = 128;

 private:
  uint64_t highest_ = 0;
  unsigned __int128 seen_ = 0;
  bool begun_ = false;
};

}  // namespace media
