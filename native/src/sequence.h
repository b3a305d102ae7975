#pragma once

#include <cstdint>

#include "account.h"

namespace media {

// Counts the packets of one sender that never came, came late or came twice, by sequence number
// (RFC 3550 §A.1, §A.3). One synchronisation source at a time: another one settles the account of
// the last.
class Sequence {
 public:
  explicit Sequence(const SequenceState& state = {}) : state_(state) {}

  void count(uint32_t ssrc, uint16_t number) { countSequence(&state_, ssrc, number); }
  uint64_t lost() const { return state_.settled + stillLost(&state_); }
  // Packets that a later one had overtaken.
  uint64_t reordered() const { return state_.reordered; }
  uint64_t duplicates() const { return state_.duplicates; }

 private:
  SequenceState state_;
};

}  // namespace media
