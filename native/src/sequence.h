#pragma once

#include <cstdint>

namespace media {

// Counts the packets of one sender that never came, by sequence number (RFC 3550 §A.1, §A.3).
// One synchronisation source at a time: another one settles the account of the last.
class Sequence {
 public:
  void count(uint32_t ssrc, uint16_t number);
  uint64_t lost() const { return settled_ + open(); }

 private:
  void begin(uint32_t ssrc, uint16_t number);
  uint64_t open() const;

  uint64_t settled_ = 0;
  uint64_t received_ = 0;
  uint64_t cycles_ = 0;
  uint32_t ssrc_ = 0;
  uint32_t awaited_ = 0;
  uint16_t first_ = 0;
  uint16_t highest_ = 0;
  bool begun_ = false;
};

}  // namespace media
