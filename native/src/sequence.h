#pragma once

#include <cstdint>

namespace media {

// Counts the packets of one sender that never came, came late or came twice, by sequence number
// (RFC 3550 §A.1, §A.3). One synchronisation source at a time: another one settles the account of
// the last.
class Sequence {
 public:
  // What a packet is among its likes.
  enum class Arrival : uint8_t { first, next, late, duplicate, stray };

  Arrival count(uint32_t ssrc, uint16_t number);
  uint64_t lost() const { return settled_ + open(); }
  // Packets that a later one had overtaken.
  uint64_t reordered() const { return reordered_; }
  uint64_t duplicates() const { return duplicates_; }

 private:
  Arrival begin(uint32_t ssrc, uint16_t number);
  Arrival countLate(uint16_t behind);
  uint64_t open() const;

  uint64_t settled_ = 0;
  uint64_t reordered_ = 0;
  uint64_t duplicates_ = 0;
  // Of this source, each counted once.
  uint64_t received_ = 0;
  uint64_t cycles_ = 0;
  // Which of the last 64 numbers have come, the highest by the lowest bit.
  uint64_t seen_ = 0;
  uint32_t ssrc_ = 0;
  uint32_t awaited_ = 0;
  uint16_t first_ = 0;
  uint16_t highest_ = 0;
  bool begun_ = false;
};

}  // namespace media
