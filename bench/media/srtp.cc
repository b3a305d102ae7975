// What opening and protecting a packet costs: loaded into the Node that `srtp.ts` runs in, for its
// OpenSSL. Prints a line of JSON for each suite and number of streams that take turns.
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "../../native/src/srtp_receiver.h"
#include "../../native/src/srtp_sender.h"

namespace {

using media::SrtpReceiver;
using media::SrtpSender;
using media::SrtpSuite;

constexpr size_t kPacketBytes = 172;
constexpr size_t kPackets = 40'000;

struct Named {
  SrtpSuite suite;
  const char* name;
};
constexpr Named kSuites[] = {
    {SrtpSuite::aesCm128Sha1Tag80, "AES_CM_128_HMAC_SHA1_80"},
    {SrtpSuite::aesCm256Sha1Tag80, "AES_256_CM_HMAC_SHA1_80"},
    {SrtpSuite::aeadAes128Gcm, "AEAD_AES_128_GCM"},
    {SrtpSuite::aeadAes256Gcm, "AEAD_AES_256_GCM"},
};
// Few find everything in the caches; what so many find there is what a busy relay is like.
constexpr size_t kStreams[] = {16, 500, 4000};

struct Stream {
  std::unique_ptr<SrtpSender> peer;
  std::unique_ptr<SrtpReceiver> receiver;
  std::unique_ptr<SrtpSender> sender;
  std::array<uint8_t, kPacketBytes + media::kSrtpGrowth> packet;
  size_t size;
};

int64_t nowNs() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

std::vector<Stream> openStreams(SrtpSuite suite, size_t count) {
  std::vector<Stream> streams(count);
  uint8_t number = 0;
  for (Stream& stream : streams) {
    media::SrtpMaster master;
    master.suite = suite;
    master.key[0] = number++;
    stream.peer = std::make_unique<SrtpSender>(master);
    stream.receiver = std::make_unique<SrtpReceiver>(master);
    master.key[1] = 1;
    stream.sender = std::make_unique<SrtpSender>(master);
  }
  return streams;
}

void arrive(Stream& stream, uint16_t sequence) {
  stream.packet.fill(0);
  stream.packet[0] = 0x80;
  stream.packet[2] = static_cast<uint8_t>(sequence >> 8);
  stream.packet[3] = static_cast<uint8_t>(sequence);
  stream.size = stream.peer->sealRtp(stream.packet.data(), kPacketBytes);
}

void relay(Stream& stream) {
  uint8_t* packet = stream.packet.data();
  if (stream.receiver->openRtp(packet, stream.size) != SrtpReceiver::Verdict::opened) std::abort();
  if (stream.sender->sealRtp(packet, stream.size) == 0) std::abort();
}

// Prints the time of the least disturbed round, and of the one in the middle, a packet.
void measure(const Named& suite, size_t count) {
  auto streams = openStreams(suite.suite, count);
  std::vector<int64_t> rounds;
  for (size_t round = 0; round < std::max<size_t>(kPackets / count, 9); round++) {
    for (Stream& stream : streams) arrive(stream, static_cast<uint16_t>(round));
    const int64_t start = nowNs();
    for (Stream& stream : streams) relay(stream);
    rounds.push_back(nowNs() - start);
  }
  std::sort(rounds.begin(), rounds.end());
  const auto perPacket = [count](int64_t ns) { return ns / static_cast<int64_t>(count); };
  std::printf("{\"suite\":\"%s\",\"streams\":%zu,\"leastNs\":%ld,\"medianNs\":%ld}\n", suite.name,
              count, perPacket(rounds.front()), perPacket(rounds[rounds.size() / 2]));
}

__attribute__((constructor)) void run() {
  for (const Named& suite : kSuites) {
    for (const size_t streams : kStreams) measure(suite, streams);
  }
}

}  // namespace
