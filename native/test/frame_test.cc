#include "frame_test.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "../src/ethernet_frame.h"
#include "../src/frame_memory.h"

using namespace media;

namespace {

constexpr Hardware kOurs{2, 0, 0, 0, 0, 1};
constexpr Hardware kNext{2, 0, 0, 0, 0, 2};
constexpr size_t kHeadroom = 64;

using Bytes = std::vector<uint8_t>;

struct Way {
  const char* from;
  const char* to;
};
constexpr Way kWays[] = {{"198.51.100.1", "203.0.113.7"}, {"2001:db8::1", "2001:db8:7::2"}};

// A frame of ours with so much payload, in memory of its very size.
Bytes frameOf(const Way& way, size_t payload, uint8_t trafficClass = 0xb8) {
  const Address from = Address::parse(way.from, 30000);
  const Address to = Address::parse(way.to, 9000);
  const FrameHeaders headers(kOurs, kNext, from, to, trafficClass);
  Bytes bytes(kHeadroom + payload);
  for (size_t i = kHeadroom; i < bytes.size(); i++) bytes[i] = static_cast<uint8_t>(i * 37);
  const uint8_t* start = headers.write(bytes.data() + kHeadroom, payload);
  return Bytes(bytes.begin() + (start - bytes.data()), bytes.end());
}

bool isRead(const Bytes& frame, DatagramFrame& out) {
  // On the heap, so that a read beyond it is seen.
  static Bytes held;
  held = frame;
  held.shrink_to_fit();
  return DatagramFrame::read(held.data(), held.size(), out);
}

bool isRead(const Bytes& frame) {
  DatagramFrame out;
  return isRead(frame, out);
}

size_t udpAt(const Way& way) { return std::strchr(way.from, ':') ? 54 : 34; }

void testRoundTrip(Check check) {
  for (const Way& way : kWays) {
    for (const size_t payload : {0, 1, 12, 172, 173, 1400}) {
      const Bytes frame = frameOf(way, payload);
      DatagramFrame out;
      check(isRead(frame, out), "what we write is read, with its sums");
      check(out.size == payload, "and as long");
      const RouteKey key = keyOf(Address::parse(way.from, 30000), Address::parse(way.to, 9000));
      check(std::memcmp(&out.key, &key, sizeof key) == 0, "from whom to whom");
      check(std::memcmp(frame.data(), kNext.data(), 6) == 0, "to the next hop");
      check(std::memcmp(frame.data() + 6, kOurs.data(), 6) == 0, "from our card");
    }
  }
  const Bytes frame = frameOf(kWays[1], 20);
  check(frame[14] == 0x6b && frame[15] == 0x80, "in our class, IPv6");
  check(frameOf(kWays[0], 20)[15] == 0xb8, "in our class, IPv4");
}

void testSpoilt(Check check) {
  for (const Way& way : kWays) {
    const bool v6 = udpAt(way) > 34;
    const Bytes good = frameOf(way, 40);
    const auto refused = [&](const char* what, auto change) {
      Bytes frame = good;
      change(frame);
      check(!isRead(frame), what);
    };
    refused("a payload that was spoilt", [](Bytes& frame) { frame.back() ^= 1; });
    refused("a port that was", [&](Bytes& frame) { frame[udpAt(way)] ^= 1; });
    refused("an address that was", [&](Bytes& frame) { frame[udpAt(way) - 1] ^= 1; });
    refused("a frame that was cut", [](Bytes& frame) { frame.pop_back(); });
    refused("a length that isn't", [&](Bytes& frame) { frame[udpAt(way) + 5] ^= 1; });
    refused("another protocol", [&](Bytes& frame) { frame[v6 ? 20 : 23] = 6; });
    refused("a tag of a VLAN", [](Bytes& frame) { frame[12] = 0x81, frame[13] = 0; });
    Bytes longer = good;
    longer.insert(longer.end(), 10, 0xff);
    check(isRead(longer), "what fills a short frame is none of it");
    Bytes unsummed = good;
    unsummed[udpAt(way) + 6] = unsummed[udpAt(way) + 7] = 0;
    check(isRead(unsummed) != v6, "IPv4 may do without a checksum, IPv6 may not");
  }
  Bytes fragment = frameOf(kWays[0], 40);
  fragment[20] = 0x20;
  check(!isRead(fragment), "a fragment");
}

// A sender on this machine leaves the sum over the payload to its card, which veth hasn't.
void testUnmade(Check check) {
  for (const Way& way : kWays) {
    Bytes frame = frameOf(way, 40);
    const uint8_t* addresses = &frame[udpAt(way) > 34 ? 22 : 26];
    const size_t bytes = udpAt(way) > 34 ? 32 : 8;
    uint32_t sum = 17 + 48;
    for (size_t i = 0; i < bytes; i += 2) sum += addresses[i] << 8 | addresses[i + 1];
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    frame[udpAt(way) + 6] = static_cast<uint8_t>(sum >> 8);
    frame[udpAt(way) + 7] = static_cast<uint8_t>(sum);
    check(isRead(frame), "a checksum that is still to be made");
  }
}

void testChance(Check check) {
  std::mt19937 random(3);
  for (int i = 0; i < 100000; i++) {
    Bytes frame = frameOf(kWays[i % 2], random() % 60);
    for (int j = 0; j < 3; j++) frame[random() % frame.size()] = static_cast<uint8_t>(random());
    frame.resize(random() % (frame.size() + 1));
    DatagramFrame out;
    if (!isRead(frame, out)) continue;
    check(out.size <= frame.size(), "a payload lies within its frame");
    uint8_t sum = 0;
    for (size_t at = 0; at < out.size; at++) sum = static_cast<uint8_t>(sum + out.payload[at]);
    check(sum == 0 || out.size > 0, "and can be read");
  }
}

void testMemory(Check check) {
  FrameMemory memory;
  check(memory.map(4) && memory.left() == 4, "pieces of memory");
  std::vector<uint64_t> taken;
  while (memory.left() > 0) taken.push_back(memory.take());
  std::sort(taken.begin(), taken.end());
  check(taken == std::vector<uint64_t>{0, 2048, 4096, 6144}, "each once");
  memory.give(2048 + 300);
  check(memory.left() == 1 && memory.take() == 2048, "a frame anywhere in its piece is the piece");
}

}  // namespace

void testEthernetFrames(Check check) {
  testRoundTrip(check);
  testSpoilt(check);
  testUnmade(check);
  testChance(check);
  testMemory(check);
}
