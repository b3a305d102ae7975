#pragma once

// What is counted of the packets of one end's peer, and how. This file is C: the kernel's program
// (native/kernel/relay.bpf.c) is made of it too, so that a packet counts the same by whichever way
// it goes.

#include <stdint.h>

#ifdef __cplusplus
#include <cstddef>
namespace media {
#endif

#define MEDIA_INLINE static inline __attribute__((always_inline, unused))

// Keeps clang from joining what is done to one place in one case and to another in another: to the
// kernel's verifier, a place that depends on the case is out of bounds, where the process that
// loads the program hasn't CAP_PERFMON.
#ifdef __bpf__
#define MEDIA_APART() __asm__ volatile("" ::: "memory")
#else
#define MEDIA_APART()
#endif

// The payload types that the peer may send: the use of each, and the clocks of them all. A type is
// a number of a clock in the lower half of its byte, and a use in the upper.
enum { kPayloadTypes = 128, kClocks = 16, kUseShift = 4, kClockMask = 0x0f };

// Values of `Formats::Use`.
enum { kUseMedia = 0, kUseEvents = 1, kUseAside = 2 };

struct FormatTable {
  // One step of the timestamp in 1/256 ns; 0 is one that nobody told, as index 0 always is.
  uint32_t steps[kClocks];
  uint8_t types[kPayloadTypes];
};

// What a packet is among its likes.
enum { kArrivalFirst, kArrivalNext, kArrivalLate, kArrivalDuplicate, kArrivalStray };

struct SequenceState {
  uint64_t settled;
  uint64_t reordered;
  uint64_t duplicates;
  // Of this source, each counted once.
  uint64_t received;
  uint64_t cycles;
  // Which of the last 64 numbers have come, the highest by the lowest bit.
  uint64_t seen;
  uint32_t ssrc;
  uint32_t awaited;
  uint16_t first;
  uint16_t highest;
  uint32_t begun;
};

struct JitterState {
  // The running estimate in 1/16 ns, and the sum of what it was at each packet compared.
  uint64_t estimate;
  uint64_t sumNs;
  uint64_t compared;
  int64_t arrivalNs;
  uint32_t timestamp;
  uint32_t step;
};

struct QualityState {
  struct SequenceState sequence;
  struct JitterState jitter;
  uint64_t dtmfEvents;
  uint32_t eventSsrc;
  uint32_t eventTimestamp;
  uint32_t payloadType;
  uint32_t unused;
};

// A packet of RTP, as far as it is counted.
struct RtpFacts {
  uint32_t ssrc;
  uint32_t timestamp;
  uint16_t number;
  uint8_t payloadType;
  // The first byte of a telephone event (RFC 4733); beyond a byte where there is none.
  uint16_t event;
};

MEDIA_INLINE uint64_t stillLost(const struct SequenceState* state) {
  if (!state->begun) return 0;
  // What came late from before the first packet is more than was expected.
  const int64_t expected = (int64_t)(state->cycles + state->highest) - state->first + 1;
  const int64_t missing = expected - (int64_t)state->received;
  return missing > 0 ? (uint64_t)missing : 0;
}

MEDIA_INLINE int beginSequence(struct SequenceState* state, uint32_t ssrc, uint16_t number) {
  state->settled += stillLost(state);
  state->ssrc = ssrc;
  state->first = state->highest = number;
  state->cycles = 0;
  state->received = 1;
  state->seen = 1;
  // Nothing is.
  state->awaited = 0x10000;
  state->begun = 1;
  return kArrivalFirst;
}

// What is too old to be remembered is taken for late: a duplicate seldom is that old.
MEDIA_INLINE int countLate(struct SequenceState* state, uint16_t behind) {
  const uint64_t bit = behind < 64 ? (uint64_t)1 << behind : 0;
  if (state->seen & bit) {
    state->duplicates++;
    MEDIA_APART();
    return kArrivalDuplicate;
  }
  state->seen |= bit;
  state->reordered++;
  state->received++;
  return kArrivalLate;
}

// RFC 3550 §A.1, §A.3.
MEDIA_INLINE int countSequence(struct SequenceState* state, uint32_t ssrc, uint16_t number) {
  enum { kModulus = 1 << 16, kDropoutMax = 3000, kMisorderMax = 100, kSeen = 64 };
  if (!state->begun || ssrc != state->ssrc) return beginSequence(state, ssrc, number);
  const uint16_t ahead = (uint16_t)(number - state->highest);
  if (ahead == 0 || ahead > kModulus - kMisorderMax) {
    return countLate(state, (uint16_t)(state->highest - number));
  }
  if (ahead >= kDropoutMax) {
    // A great leap: a sender that began anew shows it by a second packet in a row.
    if (number == state->awaited) return beginSequence(state, ssrc, number);
    state->awaited = (number + 1u) & 0xffff;
    return kArrivalStray;
  }
  if (number < state->highest) state->cycles += kModulus;
  state->highest = number;
  state->seen = ahead < kSeen ? state->seen << ahead | 1 : 1;
  state->received++;
  return kArrivalNext;
}

// RFC 3550 §A.8, in time and not in steps of the codec's clock.
MEDIA_INLINE void countJitter(struct JitterState* state, uint32_t timestamp, uint32_t step,
                              int64_t nowNs) {
  const int comparable = step != 0 && step == state->step;
  // Further packets of one frame bear its timestamp, and leave when they can.
  if (comparable && timestamp == state->timestamp) return;
  const int64_t steps = (int32_t)(timestamp - state->timestamp);
  const int64_t media = (steps * step) >> 8;
  const int64_t way = nowNs - state->arrivalNs - media;
  const uint64_t difference = (uint64_t)(way < 0 ? -way : way);
  state->arrivalNs = nowNs;
  state->timestamp = timestamp;
  state->step = step;
  // A clock that leaps further didn't jitter: its sender paused, as for a hold, and began anew.
  if (!comparable || difference > 1000000000) return;
  state->estimate += difference - ((state->estimate + 8) >> 4);
  state->sumNs += state->estimate >> 4;
  state->compared++;
}

MEDIA_INLINE void countEvent(struct QualityState* state, const struct RtpFacts* rtp) {
  // The digits, * and #, and A to D (RFC 4733 §3.2); beyond them are hook flash, tones and modems.
  enum { kDigitLast = 15, kEventMax = 0xffff };
  if (rtp->event > kDigitLast) return;
  const int32_t ahead = (int32_t)(rtp->timestamp - state->eventTimestamp);
  // As long as one event's duration counts (§2.3.5): an older one's packet came late.
  if (state->dtmfEvents > 0 && rtp->ssrc == state->eventSsrc && ahead <= 0 && ahead >= -kEventMax)
    return;
  state->eventSsrc = rtp->ssrc;
  state->eventTimestamp = rtp->timestamp;
  state->dtmfEvents++;
}

MEDIA_INLINE void countPacket(struct QualityState* state, const struct FormatTable* formats,
                              const struct RtpFacts* rtp, int64_t nowNs) {
  const int arrival = countSequence(&state->sequence, rtp->ssrc, rtp->number);
  // Another source: nothing is known of its clock.
  if (arrival == kArrivalFirst) state->jitter.estimate = state->jitter.step = 0;
  if (arrival == kArrivalDuplicate || arrival == kArrivalStray) return;
  const uint8_t format = formats->types[rtp->payloadType & (kPayloadTypes - 1)];
  // All packets of an event bear the time of its beginning: they say nothing of jitter.
  if (format >> kUseShift == kUseEvents) countEvent(state, rtp);
  if (format >> kUseShift != kUseMedia) return;
  state->payloadType = rtp->payloadType;
  countJitter(&state->jitter, rtp->timestamp, formats->steps[format & kClockMask], nowNs);
}

#ifdef __cplusplus
}  // namespace media
#endif
