#include "quality_test.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "../src/quality.h"

using namespace media;

namespace {

constexpr uint8_t kVoice = 8;
constexpr uint8_t kEvents = 101;
constexpr uint8_t kNoise = 13;
constexpr Us kFrame = 20000;

using Packet = std::vector<uint8_t>;

void put(Packet& packet, uint32_t value, size_t bytes = 4) {
  for (size_t i = bytes; i > 0; i--) packet.push_back(static_cast<uint8_t>(value >> (8 * (i - 1))));
}

Packet rtp(uint8_t type, uint16_t number, uint32_t timestamp, uint32_t ssrc = 1, uint8_t first = 0) {
  Packet packet{0x80, type};
  put(packet, number, 2);
  put(packet, timestamp);
  put(packet, ssrc);
  put(packet, static_cast<uint32_t>(first) << 24);
  return packet;
}

struct Listener {
  Quality quality;
  Formats formats;

  Listener() {
    formats.add(kVoice, 8000, Formats::Use::media);
    formats.add(9, 16000, Formats::Use::media);
    formats.add(kEvents, 8000, Formats::Use::events);
    formats.add(kNoise, 8000, Formats::Use::aside);
  }
  void hear(const Packet& packet, Us now) {
    quality.count(packet.data(), packet.size(), formats, now);
  }
  void press(uint16_t number, uint32_t timestamp, uint8_t digit, uint32_t ssrc = 1) {
    hear(rtp(kEvents, number, timestamp, ssrc, digit), 0);
  }
};

bool near(double value, double wanted) { return std::fabs(value - wanted) < 0.001; }

void testArrivals(Check check) {
  const auto counted = [](std::initializer_list<uint16_t> numbers) {
    Sequence sequence;
    for (const uint16_t number : numbers) sequence.count(1, number);
    return sequence;
  };
  const Sequence late = counted({1, 2, 5, 3, 4, 6});
  check(late.reordered() == 2 && late.duplicates() == 0 && late.lost() == 0, "two came late");
  const Sequence twice = counted({1, 2, 2, 3, 1, 5});
  check(twice.reordered() == 0 && twice.duplicates() == 2 && twice.lost() == 1, "two came twice");
  check(counted({65535, 1, 0, 0}).reordered() == 1, "late behind the wrap");
  check(counted({65535, 1, 0, 0}).duplicates() == 1, "twice behind the wrap");
  check(counted({1, 200, 110, 110}).reordered() == 2, "too late to be told from a duplicate");
  Sequence two;
  for (const uint32_t ssrc : {1u, 2u, 2u}) two.count(ssrc, 7);
  check(two.duplicates() == 1 && two.reordered() == 0, "each source counts for itself");
}

void testJitter(Check check) {
  Listener even;
  check(even.quality.jitter().meanMs() == kUnknown, "nothing known without packets");
  for (uint16_t i = 0; i < 50; i++) even.hear(rtp(kVoice, i, 160u * i), kFrame * i);
  check(near(even.quality.jitter().nowMs(), 0), "none where packets come evenly");
  // Every other one 8 ms late: each interval is wrong by 8 ms, and so is the estimate in the end.
  Listener uneven;
  for (uint16_t i = 0; i < 500; i++) uneven.hear(rtp(kVoice, i, 160u * i), kFrame * i + i % 2 * 8000);
  check(near(uneven.quality.jitter().nowMs(), 8), "8 ms");
  check(uneven.quality.jitter().meanMs() > 7.5 && uneven.quality.jitter().meanMs() < 8, "the mean of it");
  Listener one;
  one.hear(rtp(kVoice, 1, 160), 0);
  one.hear(rtp(kVoice, 2, 320), kFrame + 16000);
  check(near(one.quality.jitter().nowMs(), 1), "a sixteenth of the difference (RFC 3550 A.8)");
  one.hear(rtp(kVoice, 3, 0x70000000), 39000);
  one.hear(rtp(kVoice, 4, 0xffffffff), 40000);
  check(near(one.quality.jitter().nowMs(), 1), "a leap of the clock is none");
  one.hear(rtp(kVoice, 5, 159), 60000);
  check(near(one.quality.jitter().nowMs(), 0.9375), "across the timestamp's wrap");
}

void testClocks(Check check) {
  Listener wide;
  for (uint16_t i = 0; i < 9; i++) wide.hear(rtp(9, i, 320u * i), kFrame * i);
  check(near(wide.quality.jitter().nowMs(), 0), "by the codec's own clock");
  for (uint16_t i = 9; i < 20; i++) wide.hear(rtp(kVoice, i, 160u * i), kFrame * i);
  check(near(wide.quality.jitter().meanMs(), 0), "another codec's clock is compared with its own");
  for (uint16_t i = 0; i < 9; i++) wide.hear(rtp(kVoice, i, 77 + 160u * i, 2), kFrame * (70 + i));
  check(near(wide.quality.jitter().meanMs(), 0), "another source's too");
  check(wide.quality.payloadType() == kVoice, "the last codec");
  wide.hear(rtp(kNoise, 9, 77, 2), kFrame * 79);
  check(wide.quality.payloadType() == kVoice, "noise is no voice");
  Listener nameless;
  for (uint16_t i = 0; i < 9; i++) nameless.hear(rtp(77, i, 320u * i), kFrame * i);
  check(nameless.quality.jitter().nowMs() == kUnknown, "not by a clock that nobody told");
  Listener frames;
  for (uint16_t i = 0; i < 90; i++) frames.hear(rtp(kVoice, i, 160u * (i / 3)), kFrame * (i / 3) + i % 3 * 999);
  check(near(frames.quality.jitter().meanMs(), 0), "a frame in three packets is none");
}

void testEvents(Check check) {
  Listener one;
  for (uint16_t i = 0; i < 6; i++) one.press(i, 1000, 5);
  check(one.quality.dtmfEvents() == 1, "an event is all its packets");
  for (uint16_t i = 6; i < 9; i++) one.press(i, 3000, 5);
  check(one.quality.dtmfEvents() == 2, "the same digit again");
  one.press(5, 1000, 5);
  one.press(9, 1000, 5);
  check(one.quality.dtmfEvents() == 2, "a late packet of the first");
  one.press(10, 5000, 16);
  one.press(11, 6000, 36);
  check(one.quality.dtmfEvents() == 2, "a hook flash and a fax's tone are no digits");
  one.hear(rtp(kVoice, 50, 99, 2), 0);
  one.press(12, 3000, 5);
  check(one.quality.dtmfEvents() == 2, "voice of another source between");
  one.press(1, 3000, 5, 2);
  check(one.quality.dtmfEvents() == 3, "another source's event");
  Packet bare = rtp(kEvents, 20, 9999);
  bare.resize(12);
  one.hear(bare, 0);
  check(one.quality.dtmfEvents() == 3, "an event without its payload");
}

Packet report(bool isSender, uint32_t stamp, std::initializer_list<std::pair<uint32_t, uint32_t>> blocks) {
  Packet packet{static_cast<uint8_t>(0x80 | blocks.size()), static_cast<uint8_t>(isSender ? 200 : 201)};
  put(packet, static_cast<uint32_t>((isSender ? 6 : 1) + 6 * blocks.size()), 2);
  put(packet, 1);
  if (isSender) {
    put(packet, stamp >> 16);
    put(packet, stamp << 16);
    for (int i = 0; i < 3; i++) put(packet, 0);
  }
  for (const auto& [last, kept] : blocks) {
    for (int i = 0; i < 4; i++) put(packet, 7);
    put(packet, last);
    put(packet, kept);
  }
  return packet;
}

void testRoundTrip(Check check) {
  RoundTrip near_, far;
  const auto pass = [](const Packet& packet, RoundTrip& from, RoundTrip& to, Us now) {
    readReports(packet.data(), packet.size(), from, to, now);
  };
  pass(report(true, 0xabcd1234, {}), near_, far, 1000000);
  pass(report(false, 0, {{0, 0}}), far, near_, 1010000);
  check(far.lastMs() == kUnknown, "no report has come yet");
  // Kept for half a second, and 80 ms on the way.
  pass(report(false, 0, {{0x11111111, 0}, {0xabcd1234, 0x8000}}), far, near_, 1580000);
  check(near(far.lastMs(), 80) && near_.lastMs() == kUnknown, "there and back");
  Packet both = report(true, 5, {{0xabcd1234, 0}});
  const Packet more{0x81, 202, 0, 1, 0, 0, 0, 0};
  both.insert(both.begin(), more.begin(), more.end());
  pass(both, far, near_, 1040000);
  check(near(far.lastMs(), 40) && near(far.meanMs(), 60), "by a report among other parts");
  pass(report(false, 0, {{5, 0}}), near_, far, 1060000);
  check(near(near_.lastMs(), 20), "the other way by the other's");
  pass(report(false, 0, {{5, 0x10000}}), near_, far, 1060000);
  check(near(near_.meanMs(), 20), "who kept it for longer than it was away is wrong");
  for (uint32_t i = 100; i < 104; i++) pass(report(true, i, {}), near_, far, 2000000);
  pass(report(false, 0, {{0xabcd1234, 0}}), far, near_, 2000000);
  check(near(far.lastMs(), 40), "a report long past");
  Packet cut = report(false, 0, {{101, 0}});
  cut[0] = 0x9f;
  pass(cut, far, near_, 2007000);
  check(near(far.lastMs(), 7), "no more blocks than there are");
}

}  // namespace

void testQuality(Check check) {
  testArrivals(check);
  testJitter(check);
  testClocks(check);
  testEvents(check);
  testRoundTrip(check);
}
