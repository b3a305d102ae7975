// A whole plane under random commands and random packets, under the sanitizers: it must answer
// the last question, whatever came before.
#include "plane_test.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <random>
#include <string>
#include <thread>

#include "../src/plane.h"

using namespace media;

namespace {

constexpr uint32_t kSlots = 4;
constexpr uint16_t kPorts = 8;
// Addresses and ports that no other test has.
constexpr uint16_t kPortFirst = 31700;
const char* const kHosts[] = {"127.0.0.77", "127.0.0.78"};

class Chance {
 public:
  uint32_t below(uint32_t limit) { return engine_() % limit; }
  uint8_t byte() { return static_cast<uint8_t>(engine_()); }

 private:
  std::mt19937 engine_{7};
};

void number(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) out.push_back(static_cast<char>(value >> (8 * i)));
}

void text(std::string& out, const std::string& value) {
  number(out, value.size(), 1);
  out += value;
}

// Most often none; else one of two, so that some stay the same.
void keyOf(std::string& out, Chance& chance) {
  const auto suite = static_cast<SrtpSuite>(chance.below(3) > 0 ? 0 : chance.below(kSrtpSuites));
  number(out, static_cast<uint8_t>(suite), 1);
  if (suite == SrtpSuite::none) return;
  const size_t bytes = factsOf(suite).keyBytes + factsOf(suite).saltBytes;
  out.append(bytes, static_cast<char>(chance.below(2)));
  number(out, chance.below(2), 1);
  number(out, 1, 4);
}

// Most often none; lengths that are good and that aren't.
void iceOf(std::string& out, Chance& chance) {
  if (chance.below(3) > 0) {
    number(out, 0, 3);
    return;
  }
  text(out, chance.below(2) ? "ours" : "anew");
  text(out, std::string(chance.below(8) ? 22 : 5, 'p'));
  text(out, chance.below(2) ? "peer" : "");
}

void dtlsOf(std::string& out, Chance& chance) {
  const uint32_t role = chance.below(2) ? chance.below(kDtlsRoles) : 0;
  number(out, role, 1);
  if (role == 0) return;
  const uint32_t count = chance.below(3);
  number(out, count, 1);
  for (uint32_t i = 0; i < count; i++) {
    const auto hash = static_cast<FingerprintHash>(1 + chance.below(kFingerprintHashes - 1));
    number(out, static_cast<uint8_t>(hash), 1);
    out.append(bytesOf(hash), static_cast<char>(chance.below(2)));
  }
}

void bundledOf(std::string& out, Chance& chance) {
  const bool bundled = chance.below(2) == 0;
  text(out, bundled ? (chance.below(2) ? "0" : "1") : "");
  if (!bundled) return;
  number(out, chance.below(3), 1);
  const uint32_t ssrcs = chance.below(3);
  number(out, ssrcs, 1);
  for (uint32_t i = 0; i < ssrcs; i++) number(out, chance.below(3), 4);
}

void endOf(std::string& out, Chance& chance) {
  const uint16_t port = static_cast<uint16_t>(kPortFirst + chance.below(kPorts));
  text(out, kHosts[chance.below(2)]);
  number(out, port, 2);
  number(out, port + (chance.below(3) == 0), 2);
  const bool known = chance.below(3) > 0;
  text(out, known ? kHosts[chance.below(2)] : "");
  number(out, kPortFirst + chance.below(kPorts), 2);
  number(out, kPortFirst + chance.below(kPorts), 2);
  number(out, chance.below(2), 1);
  number(out, chance.below(64), 1);
  keyOf(out, chance);
  keyOf(out, chance);
  const uint32_t formats = chance.below(4);
  number(out, formats, 1);
  for (uint32_t i = 0; i < formats; i++) {
    number(out, chance.below(2) ? 0 : chance.byte(), 1);
    number(out, chance.below(4), 1);
    number(out, chance.below(3) * 8000, 4);
  }
  iceOf(out, chance);
  dtlsOf(out, chance);
  bundledOf(out, chance);
}

std::string payloadOf(CommandKind kind, Chance& chance) {
  std::string out;
  if (kind == CommandKind::advance || kind == CommandKind::figures) {
    number(out, chance.below(4000), 4);
    return out;
  }
  number(out, chance.below(kSlots), 4);
  if (kind == CommandKind::stream) {
    text(out, "call.0");
    number(out, chance.below(4) == 0, 1);
    number(out, chance.below(2) * 3000, 4);
    endOf(out, chance);
    endOf(out, chance);
  }
  return out;
}

std::string frameOf(CommandKind kind, const std::string& payload) {
  std::string out;
  number(out, payload.size(), 2);
  number(out, static_cast<uint8_t>(kind), 1);
  return out + payload;
}

void sendPacket(int from, Chance& chance) {
  std::string packet;
  const uint32_t size = chance.below(40);
  for (uint32_t i = 0; i < size; i++) packet.push_back(static_cast<char>(chance.byte()));
  if (size > 1) {
    const uint8_t firsts[] = {0x80, 0x80, 0x00, 0x16};
    packet[0] = static_cast<char>(firsts[chance.below(4)]);
    packet[1] = static_cast<char>(chance.below(2) ? 0 : 200 + chance.below(2));
    if (size > 3) packet[2] = packet[3] = static_cast<char>(size / 4 - 1);
  }
  const uint16_t port = static_cast<uint16_t>(kPortFirst + chance.below(kPorts + 1));
  const Address to = Address::parse(kHosts[chance.below(2)], port);
  ::sendto(from, packet.data(), packet.size(), MSG_DONTWAIT, to.raw(), to.size());
}

// Reads what the plane says until the answer to this question, or its end.
bool answered(int control, uint32_t question) {
  std::string wanted;
  number(wanted, question, 4);
  wanted = frameOf(static_cast<CommandKind>(EventKind::fence), wanted);
  std::string heard;
  char bytes[4096];
  for (;;) {
    pollfd ready{control, POLLIN, 0};
    if (poll(&ready, 1, 5000) <= 0) return false;
    const ssize_t got = read(control, bytes, sizeof bytes);
    if (got <= 0) return false;
    heard.append(bytes, static_cast<size_t>(got));
    if (heard.find(wanted) != std::string::npos) return true;
  }
}

bool tell(int control, const std::string& bytes) {
  return send(control, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

}  // namespace

bool planeSurvivesChance() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return false;
  std::thread plane(
      [&] { std::make_unique<Plane>(fds[1], Plane::Clock::manual)->run(); });
  Chance chance;
  const int outside = ::socket(AF_INET, SOCK_DGRAM, 0);
  constexpr CommandKind kKinds[] = {CommandKind::stream, CommandKind::stream, CommandKind::close,
                                    CommandKind::counters, CommandKind::advance,
                                    CommandKind::figures};
  bool well = true;
  for (uint32_t round = 1; well && round <= 400; round++) {
    std::string commands;
    for (int i = 0; i < 5; i++) {
      const CommandKind kind = kKinds[chance.below(6)];
      commands += frameOf(kind, payloadOf(kind, chance));
    }
    for (int i = 0; i < 20; i++) sendPacket(outside, chance);
    std::string question;
    number(question, round, 4);
    commands += frameOf(CommandKind::fence, question);
    well = tell(fds[0], commands) && answered(fds[0], round);
  }
  ::close(outside);
  ::close(fds[0]);
  plane.join();
  return well;
}

bool planeEndsOnNonsense() {
  const std::string nonsense[] = {
      frameOf(static_cast<CommandKind>(99), ""),
      frameOf(CommandKind::close, "abc"),
      frameOf(CommandKind::stream, std::string(20, '\xff')),
  };
  for (const std::string& bytes : nonsense) {
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return false;
    std::thread plane([&] { std::make_unique<Plane>(fds[1], Plane::Clock::real)->run(); });
    tell(fds[0], bytes);
    plane.join();
    ::close(fds[0]);
  }
  return true;
}
