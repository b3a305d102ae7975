// Both parties of many calls: sends G.711 to the relay's ports every 20 ms, as RTP or as SRTP, and
// counts what comes back. Prints its own ports, reads the relay's ("PUBLIC PRIVATE" a line, a call
// each), talks for a while that isn't counted and says "begun", then for the given seconds, and
// prints what it sent and received in these, and how long it was on its way: the moment of sending
// stands in the timestamp, which no relay changes or protects.
//   talkers CALLS SECONDS plain|srtp-rtp|srtp-srtp PUBLIC PRIVATE RELAY-PUBLIC RELAY-PRIVATE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "../../native/src/srtp_sender.h"

namespace {

constexpr int64_t kPacketNs = 20'000'000;
constexpr size_t kPacketBytes = 172;
constexpr size_t kTimestampAt = 4;
constexpr int64_t kBeforeNs = 2'500'000'000;

struct Party {
  int fd;
  sockaddr_in relay;
  uint16_t sequence;
  // Whose packets leave protected.
  std::unique_ptr<media::SrtpSender> sender;
};

// As talkers.ts tells the relays.
media::SrtpMaster master(bool outer) {
  media::SrtpMaster key;
  key.suite = outer ? media::SrtpSuite::aesCm128Sha1Tag80 : media::SrtpSuite::aesCm128Sha1Tag32;
  std::fill_n(key.key.begin(), 16, uint8_t{7});
  std::fill(key.salt.begin(), key.salt.end(), uint8_t{7});
  return key;
}

int64_t nowNs() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

sockaddr_in addressOf(const char* host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, host, &address.sin_addr);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// In quarters of a microsecond, about: round the clock in 18 minutes.
uint32_t momentOf(int64_t ns) { return static_cast<uint32_t>(ns >> 8); }

void speak(Party& party, size_t number) {
  uint8_t packet[kPacketBytes + media::kSrtpGrowth] = {0x80, 0};
  packet[2] = static_cast<uint8_t>(party.sequence >> 8);
  packet[3] = static_cast<uint8_t>(party.sequence++);
  packet[10] = static_cast<uint8_t>(number >> 8);
  packet[11] = static_cast<uint8_t>(number);
  const uint32_t moment = momentOf(nowNs());
  std::memcpy(&packet[kTimestampAt], &moment, sizeof moment);
  const size_t size =
      party.sender ? party.sender->sealRtp(packet, kPacketBytes) : size_t{kPacketBytes};
  sendto(party.fd, packet, size, 0, reinterpret_cast<sockaddr*>(&party.relay),
         sizeof party.relay);
}

uint64_t hear(int epoll, int timeoutMs, std::vector<uint32_t>& delays) {
  epoll_event ready[256];
  uint64_t heard = 0;
  const int count = epoll_wait(epoll, ready, 256, timeoutMs);
  for (int i = 0; i < count; i++) {
    uint8_t packet[2048];
    const auto* party = static_cast<const Party*>(ready[i].data.ptr);
    while (recv(party->fd, packet, sizeof packet, MSG_DONTWAIT) > 0) {
      heard++;
      uint32_t sent;
      std::memcpy(&sent, &packet[kTimestampAt], sizeof sent);
      delays.push_back(static_cast<uint32_t>(momentOf(nowNs()) - sent));
    }
  }
  return heard;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) return EXIT_FAILURE;
  std::vector<Party> parties(2 * static_cast<size_t>(std::atoi(argv[1])));
  const int64_t lengthNs = std::atoi(argv[2]) * 1'000'000'000LL;
  const int epoll = epoll_create1(0);
  const std::string_view variant = argv[3];
  std::vector<uint32_t> delays;
  delays.reserve(1 << 22);
  for (size_t i = 0; i < parties.size(); i++) {
    Party& party = parties[i];
    const bool outer = i % 2 == 0;
    const bool secure = variant == "srtp-srtp" || (variant == "srtp-rtp" && outer);
    if (secure) party.sender = std::make_unique<media::SrtpSender>(master(outer));
    party.fd = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in own = addressOf(argv[outer ? 4 : 5], 0);
    socklen_t size = sizeof own;
    if (bind(party.fd, reinterpret_cast<sockaddr*>(&own), size) != 0) return EXIT_FAILURE;
    getsockname(party.fd, reinterpret_cast<sockaddr*>(&own), &size);
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.ptr = &party;
    epoll_ctl(epoll, EPOLL_CTL_ADD, party.fd, &interest);
    std::printf("%d\n", ntohs(own.sin_port));
  }
  std::printf("ready\n");
  std::fflush(stdout);
  for (size_t i = 0; i < parties.size(); i++) {
    int port = 0;
    if (std::scanf("%d", &port) != 1) return EXIT_FAILURE;
    parties[i].relay = addressOf(argv[i % 2 == 0 ? 6 : 7], port);
    parties[i].sequence = 1;
  }
  uint64_t sent = 0;
  uint64_t heard = 0;
  const auto talkFor = [&](int64_t lengthNs) {
    const uint64_t before = sent;
    const int64_t start = nowNs();
    for (int64_t now = start; now - start < lengthNs; now = nowNs()) {
      // Each party speaks at its own moment of the 20 ms.
      const auto due = static_cast<uint64_t>((now - start) * static_cast<int64_t>(parties.size()) /
                                             kPacketNs);
      for (; sent - before < due; sent++) speak(parties[sent % parties.size()], sent % parties.size());
      heard += hear(epoll, 1, delays);
    }
  };
  talkFor(kBeforeNs);
  std::printf("begun\n");
  std::fflush(stdout);
  sent = sent % parties.size();
  const uint64_t first = sent;
  heard = 0;
  delays.clear();
  talkFor(lengthNs);
  for (uint64_t last = 1; last != 0;) heard += last = hear(epoll, 200, delays);
  sent -= first;
  std::sort(delays.begin(), delays.end());
  const auto delayUs = [&delays](double share) {
    if (delays.empty()) return 0.0;
    const auto at = static_cast<size_t>(share * static_cast<double>(delays.size()));
    return static_cast<double>(delays[std::min(at, delays.size() - 1)]) * 256 / 1000;
  };
  std::printf("{\"sent\":%lu,\"heard\":%lu,\"delayUs\":[%.0f,%.0f,%.0f]}\n", sent, heard,
              delayUs(0.5), delayUs(0.99), delayUs(0.999));
  return EXIT_SUCCESS;
}
