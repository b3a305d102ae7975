// Sends datagrams to one place from many addresses, in turn, as fast as it may: the attacker of
// `npm run bench:attack`. Every second it prints how many have left.
//
//   flood TARGET PORT RATE SOURCES FILE...
//
// RATE is a second's datagrams, 0 as many as the core sends; SOURCES are IPv4 addresses joined by
// commas; each FILE is one datagram.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr unsigned kBatch = 64;
constexpr auto kTick = std::chrono::milliseconds(10);
constexpr uint16_t kSourcePort = 5060;
using Clock = std::chrono::steady_clock;

sockaddr_in place(const std::string& address, uint16_t port) {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &made.sin_addr) != 1) {
    std::fprintf(stderr, "no IPv4 address: %s\n", address.c_str());
    std::exit(2);
  }
  return made;
}

int socketFrom(const std::string& source, const sockaddr_in& target) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const sockaddr_in own = place(source, kSourcePort);
  const auto bound = bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own);
  const auto joined = connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof target);
  if (fd < 0 || bound != 0 || joined != 0) {
    std::perror(source.c_str());
    std::exit(2);
  }
  return fd;
}

std::string read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int count, char** words) {
  if (count < 6) return 2;
  const sockaddr_in target = place(words[1], static_cast<uint16_t>(std::atoi(words[2])));
  const long rate = std::atol(words[3]);
  std::vector<int> sockets;
  std::stringstream sources(words[4]);
  for (std::string source; std::getline(sources, source, ',');) {
    sockets.push_back(socketFrom(source, target));
  }
  std::vector<std::string> texts;
  for (int i = 5; i < count; i++) texts.push_back(read(words[i]));

  std::vector<iovec> parts(kBatch);
  std::vector<mmsghdr> messages(kBatch);
  for (unsigned i = 0; i < kBatch; i++) {
    auto& text = texts[i % texts.size()];
    parts[i] = {text.data(), text.size()};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }

  long sent = 0;
  const auto began = Clock::now();
  auto told = began;
  for (std::size_t next = 0;; next = (next + 1) % sockets.size()) {
    const auto now = Clock::now();
    unsigned batch = kBatch;
    if (rate > 0) {
      const double due = rate * std::chrono::duration<double>(now - began).count() - sent;
      if (due < 1) {
        std::this_thread::sleep_for(kTick);
        continue;
      }
      // Each turn is another source's, so that the rate is shared by all of them.
      const long share = std::max(1L, rate / 100 / static_cast<long>(sockets.size()));
      batch = static_cast<unsigned>(std::min({static_cast<long>(kBatch), share, static_cast<long>(due)}));
    }
    // A port that is closed, or a full queue, is no reason to stop.
    const int left = sendmmsg(sockets[next], messages.data(), batch, 0);
    if (left > 0) sent += left;
    // Begin each time with another text.
    std::rotate(parts.begin(), parts.begin() + 1, parts.end());
    if (now - told >= std::chrono::seconds(1)) {
      told = now;
      std::printf("sent %ld\n", sent);
      std::fflush(stdout);
    }
  }
}
