#include "steer_test.h"

#include <linux/bpf.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "../src/bpf.h"
#include "../src/ethernet_frame.h"
#include "../src/kernel_steering.h"

using namespace media;

namespace {

using Bytes = std::vector<uint8_t>;

constexpr Hardware kOurs{2, 0, 0, 0, 0, 1};
constexpr Hardware kPeers{2, 0, 0, 0, 0, 2};
// What the kernel says packets come by that it is given for a trial.
constexpr uint32_t kLoopback = 1;
constexpr size_t kHeadroom = 64;

struct Way {
  const char* from;
  const char* to;
};
constexpr Way kWays[] = {{"203.0.113.7", "198.51.100.1"}, {"2001:db8:7::2", "2001:db8::1"}};

Address peerOf(const Way& way) { return Address::parse(way.from, 9000); }
Address oursOf(const Way& way) { return Address::parse(way.to, 30000); }
bool isV6(const Way& way) { return std::strchr(way.from, ':') != nullptr; }
size_t udpAt(const Way& way) { return isV6(way) ? 54 : 34; }

// A packet of RTP as the peer sends it.
Bytes frameOf(const Way& way, size_t payload) {
  const FrameHeaders headers(kPeers, kOurs, peerOf(way), oursOf(way), 0);
  Bytes bytes(kHeadroom + payload);
  if (payload > 0) bytes[kHeadroom] = 0x80;
  const uint8_t* start = headers.write(bytes.data() + kHeadroom, payload);
  return Bytes(bytes.begin() + (start - bytes.data()), bytes.end());
}

// The program with a socket in its first queue's place, and the peers' sources where `to` says.
class Program {
 public:
  explicit Program(const char* path) {
    BpfObject object = BpfObject::read(path, "xdp");
    sources_ = createHash("test_sources", sizeof(RouteKey), sizeof(Steering), 4);
    queues_ = createSocketMap("test_queues", 4);
    object.use("steered", sources_.fd());
    object.use("queues", queues_.fd());
    std::string complaint;
    program_ = loadProgram(object, complaint, ProgramKind::steer);
    socket_ = File(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
    const uint32_t number = 2;
    const auto fd = static_cast<uint32_t>(socket_.fd());
    if (isLoaded() && !putEntry(queues_, &number, &fd)) program_ = File();
  }

  bool isLoaded() const { return program_.isOpen() && socket_.isOpen(); }

  void steer(const Steering& to) {
    for (const Way& way : kWays) {
      const RouteKey key = keyOf(peerOf(way), oursOf(way));
      putEntry(sources_, &key, &to);
    }
  }

  void leave() {
    for (const Way& way : kWays) {
      const RouteKey key = keyOf(peerOf(way), oursOf(way));
      removeEntry(sources_, &key);
    }
  }

  int run(const Bytes& frame) {
    bpf_attr plan{};
    plan.test.prog_fd = static_cast<uint32_t>(program_.fd());
    plan.test.data_in = reinterpret_cast<uintptr_t>(frame.data());
    plan.test.data_size_in = static_cast<uint32_t>(frame.size());
    plan.test.repeat = 1;
    if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &plan, sizeof plan) != 0) return -1;
    return static_cast<int>(plan.test.retval);
  }

 private:
  File sources_;
  File queues_;
  File program_;
  File socket_;
};

Steering here() {
  Steering to{};
  to.interface = kLoopback;
  to.first = 2;
  to.queues = 1;
  std::memcpy(to.hardware, kOurs.data(), kOurs.size());
  return to;
}

void testSteered(Program& program, Check check) {
  program.steer(here());
  for (const Way& way : kWays) {
    for (const size_t payload : {2, 12, 172, 1400}) {
      check(program.run(frameOf(way, payload)) == XDP_REDIRECT, "a source's packets are steered");
    }
    const size_t room = kSteeredBytesMax - udpAt(way) - 8;
    check(program.run(frameOf(way, room)) == XDP_REDIRECT, "the longest is");
    check(program.run(frameOf(way, room + 1)) == XDP_PASS, "a longer one isn't");
  }
}

void testLeft(Program& program, Check check) {
  program.steer(here());
  for (const Way& way : kWays) {
    const size_t udp = udpAt(way);
    const auto passes = [&](const char* what, auto change) {
      Bytes frame = frameOf(way, 172);
      change(frame);
      check(program.run(frame) == XDP_PASS, what);
    };
    passes("another port of the peer's", [=](Bytes& frame) { frame[udp + 1]++; });
    passes("another port of ours", [=](Bytes& frame) { frame[udp + 3]++; });
    passes("another host", [=](Bytes& frame) { frame[udp - (isV6(way) ? 17 : 5)]++; });
    passes("another address of ours", [=](Bytes& frame) { frame[udp - 1]++; });
    passes("RTCP", [=](Bytes& frame) { frame[udp + 9] = 200; });
    passes("STUN", [=](Bytes& frame) { frame[udp + 8] = 0; });
    passes("DTLS", [=](Bytes& frame) { frame[udp + 8] = 22; });
    passes("a length that isn't", [=](Bytes& frame) { frame[udp + 5]++; });
    passes("TCP", [=](Bytes& frame) { frame[isV6(way) ? 20 : 23] = 6; });
    passes("a tag of a VLAN", [](Bytes& frame) { frame[12] = 0x81, frame[13] = 0; });
    passes("what is for another card", [](Bytes& frame) { frame[5]++; });
    passes("what is for all", [](Bytes& frame) { std::memset(frame.data(), 0xff, 6); });
    for (size_t size = 14; size < udp + 10; size++) {
      Bytes cut = frameOf(way, 2);
      cut.resize(size);
      check(program.run(cut) == XDP_PASS, "a cut one");
    }
  }
  const auto passes = [&](const char* what, size_t at, uint8_t value) {
    Bytes frame = frameOf(kWays[0], 172);
    frame[at] = value;
    check(program.run(frame) == XDP_PASS, what);
  };
  passes("the first of a packet's fragments", 20, 0x20);
  passes("the others", 21, 9);
  passes("options of IPv4", 14, 0x46);
}

void testElsewhere(Program& program, Check check) {
  const auto passes = [&](const char* what, auto change) {
    Steering to = here();
    change(to);
    program.steer(to);
    for (const Way& way : kWays) check(program.run(frameOf(way, 172)) == XDP_PASS, what);
  };
  passes("what came by another interface", [](Steering& to) { to.interface++; });
  passes("a queue beyond ours", [](Steering& to) { to.queues = 0; });
  passes("one without a socket", [](Steering& to) { to.first = 3; });
  program.steer(here());
  program.leave();
  for (const Way& way : kWays) {
    check(program.run(frameOf(way, 172)) == XDP_PASS, "a source that was taken back");
  }
}

// The kernel's verifier proves that it reads nothing beyond; this, that it doesn't end otherwise.
void testChance(Program& program, Check check) {
  program.steer(here());
  std::mt19937 random(5);
  for (int i = 0; i < 20000; i++) {
    Bytes frame = frameOf(kWays[i % 2], random() % 60);
    for (int j = 0; j < 2; j++) frame[random() % frame.size()] = static_cast<uint8_t>(random());
    const int said = program.run(frame);
    check(said == XDP_PASS || said == XDP_REDIRECT, "steered or left alone");
  }
}

}  // namespace

void testSteering(Check check, const char* path) {
  Program program(path);
  if (!program.isLoaded()) {
    std::printf("the program that steers isn't tried here: %s\n", strerror(errno));
    return;
  }
  testSteered(program, check);
  testLeft(program, check);
  testElsewhere(program, check);
  testChance(program, check);
}
