// Both parties of many calls: sends G.711 to the relay's ports every 20 ms, and counts what comes
// back. Prints its own ports, reads the relay's ("PUBLIC PRIVATE" a line, a call each), talks for
// the given seconds and prints what it sent and received.
//   talkers CALLS SECONDS
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr int64_t kPacketNs = 20'000'000;
constexpr size_t kPacketBytes = 172;

struct Party {
  int fd;
  sockaddr_in relay;
  uint16_t sequence;
};

int64_t nowNs() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

void speak(Party& party, size_t number) {
  uint8_t packet[kPacketBytes] = {0x80, 0};
  packet[2] = static_cast<uint8_t>(party.sequence >> 8);
  packet[3] = static_cast<uint8_t>(party.sequence++);
  packet[10] = static_cast<uint8_t>(number >> 8);
  packet[11] = static_cast<uint8_t>(number);
  sendto(party.fd, packet, sizeof packet, 0, reinterpret_cast<sockaddr*>(&party.relay),
         sizeof party.relay);
}

uint64_t hear(int epoll, int timeoutMs) {
  epoll_event ready[256];
  uint64_t heard = 0;
  const int count = epoll_wait(epoll, ready, 256, timeoutMs);
  for (int i = 0; i < count; i++) {
    uint8_t packet[2048];
    while (recv(ready[i].data.fd, packet, sizeof packet, MSG_DONTWAIT) > 0) heard++;
  }
  return heard;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return EXIT_FAILURE;
  std::vector<Party> parties(2 * static_cast<size_t>(std::atoi(argv[1])));
  const int64_t lengthNs = std::atoi(argv[2]) * 1'000'000'000LL;
  const int epoll = epoll_create1(0);
  for (Party& party : parties) {
    party.fd = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in own = loopback(0);
    socklen_t size = sizeof own;
    if (bind(party.fd, reinterpret_cast<sockaddr*>(&own), size) != 0) return EXIT_FAILURE;
    getsockname(party.fd, reinterpret_cast<sockaddr*>(&own), &size);
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.fd = party.fd;
    epoll_ctl(epoll, EPOLL_CTL_ADD, party.fd, &interest);
    std::printf("%d\n", ntohs(own.sin_port));
  }
  std::printf("ready\n");
  std::fflush(stdout);
  for (size_t i = 0; i < parties.size(); i++) {
    int port = 0;
    if (std::scanf("%d", &port) != 1) return EXIT_FAILURE;
    parties[i].relay = loopback(port);
    parties[i].sequence = 1;
  }
  uint64_t sent = 0;
  uint64_t heard = 0;
  const int64_t start = nowNs();
  for (int64_t now = start; now - start < lengthNs; now = nowNs()) {
    // Each party speaks at its own moment of the 20 ms.
    const auto due = static_cast<uint64_t>((now - start) * static_cast<int64_t>(parties.size()) /
                                           kPacketNs);
    for (; sent < due; sent++) speak(parties[sent % parties.size()], sent % parties.size());
    heard += hear(epoll, 1);
  }
  for (uint64_t last = 1; last != 0;) heard += last = hear(epoll, 200);
  std::printf("{\"sent\":%lu,\"heard\":%lu}\n", sent, heard);
  return EXIT_SUCCESS;
}
