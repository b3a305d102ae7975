#include "kernel_test.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "../src/bpf.h"
#include "../src/formats.h"
#include "../src/kernel_route.h"

using namespace media;

namespace {

using Packet = std::vector<uint8_t>;

constexpr int kPassed = -1;
constexpr int kRedirected = 7;
constexpr size_t kEthernet = 14;
constexpr uint8_t kEvents = 101;

uint32_t sumOf(const uint8_t* bytes, size_t size, uint32_t sum = 0) {
  for (size_t i = 0; i < size; i++) sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

void put16(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

// One frame of Ethernet with a packet of RTP, from the peer to our port.
class Frame {
 public:
  Frame(bool v6, size_t payload) : v6_(v6), bytes(kEthernet + ip() + 8 + 12 + payload) {
    const size_t udpSize = 8 + 12 + payload;
    put16(&bytes[12], v6 ? 0x86dd : 0x0800);
    uint8_t* at = &bytes[kEthernet];
    if (v6) {
      at[0] = 0x60;
      put16(at + 4, static_cast<uint32_t>(udpSize));
      at[6] = 17;
      at[7] = 3;
    } else {
      at[0] = 0x45;
      put16(at + 2, static_cast<uint32_t>(20 + udpSize));
      put16(at + 4, 4711);
      at[8] = 3;
      at[9] = 17;
    }
    std::memcpy(from(), address(1).data(), width());
    std::memcpy(to(), address(2).data(), width());
    put16(udp(), 9000);
    put16(udp() + 2, 20000);
    put16(udp() + 4, static_cast<uint32_t>(udpSize));
    uint8_t* rtp = udp() + 8;
    rtp[0] = 0x80;
    put16(rtp + 2, 1);
    for (size_t i = 12; i < 12 + payload; i++) rtp[i] = static_cast<uint8_t>(i * 7);
    seal();
  }

  static std::vector<uint8_t> address(uint8_t last) {
    std::vector<uint8_t> bytes(16, 0x20);
    bytes[3] = bytes[15] = last;
    return bytes;
  }
  size_t ip() const { return v6_ ? 40 : 20; }
  size_t width() const { return v6_ ? 16 : 4; }
  uint8_t* from() { return &bytes[kEthernet + (v6_ ? 8 : 12)]; }
  uint8_t* to() { return from() + width(); }
  uint8_t* udp() { return &bytes[kEthernet + ip()]; }
  uint8_t* rtp() { return udp() + 8; }
  // Makes both checksums right.
  void seal() {
    if (!v6_) {
      put16(&bytes[kEthernet + 10], 0);
      put16(&bytes[kEthernet + 10], ~sumOf(&bytes[kEthernet], 20) & 0xffff);
    }
    put16(udp() + 6, 0);
    put16(udp() + 6, ~udpSum() & 0xffff);
  }
  // Over the packet and what stands for its addresses: 0xffff when its own is right.
  uint32_t udpSum() {
    const size_t size = bytes.size() - kEthernet - ip();
    return sumOf(udp(), size, sumOf(from(), 2 * width(), 17 + static_cast<uint32_t>(size)));
  }
  bool isSound() {
    return udpSum() == 0xffff && (v6_ || sumOf(&bytes[kEthernet], 20) == 0xffff);
  }

 private:
  const bool v6_;

 public:
  Packet bytes;
};

// The program with a route for frames of either family.
class Program {
 public:
  explicit Program(const char* path) {
    BpfObject object = BpfObject::read(path, "tc");
    routes_ = createHash("test_routes", sizeof(RouteKey), sizeof(Route), 4);
    counts_ = createArray("test_accounts", sizeof(Account), 2);
    object.use("routes", routes_.fd());
    object.use("accounts", counts_.fd());
    std::string complaint;
    program_ = loadProgram(object, complaint);
    if (!program_.isOpen()) return;
    void* mapped = mmap(nullptr, 2 * sizeof(Account), PROT_READ | PROT_WRITE, MAP_SHARED, counts_.fd(), 0);
    accounts = static_cast<Account*>(mapped);
    Formats formats;
    formats.add(0, 8000, Formats::Use::media);
    formats.add(kEvents, 8000, Formats::Use::events);
    for (const bool v6 : {false, true}) {
      accounts[v6].formats = formats.table();
      putRoute(v6);
    }
  }

  bool isLoaded() const { return program_.isOpen(); }
  // What it says of the frame, which it may change.
  int run(Frame& frame) {
    Packet out(frame.bytes.size() + 64);
    bpf_attr plan{};
    plan.test.prog_fd = static_cast<uint32_t>(program_.fd());
    plan.test.data_in = reinterpret_cast<uintptr_t>(frame.bytes.data());
    plan.test.data_size_in = static_cast<uint32_t>(frame.bytes.size());
    plan.test.data_out = reinterpret_cast<uintptr_t>(out.data());
    plan.test.data_size_out = static_cast<uint32_t>(out.size());
    plan.test.repeat = 1;
    if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &plan, sizeof plan) != 0) return -100;
    out.resize(plan.test.data_size_out);
    frame.bytes = out;
    return static_cast<int>(plan.test.retval);
  }

  Account* accounts = nullptr;

 private:
  void putRoute(bool v6) {
    const size_t width = v6 ? 16 : 4;
    RouteKey key{};
    std::memcpy(key.from, Frame::address(1).data(), width);
    std::memcpy(key.to, Frame::address(2).data(), width);
    key.fromPort = htons(9000);
    key.toPort = htons(20000);
    key.version = v6 ? 6 : 4;
    Route route{};
    std::memcpy(route.from, Frame::address(3).data(), width);
    std::memcpy(route.to, Frame::address(4).data(), width);
    std::memcpy(route.via, Frame::address(4).data(), width);
    route.interface = 1;
    route.mtu = 1500;
    route.fromPort = htons(20002);
    route.toPort = htons(9002);
    route.account = v6;
    route.trafficClass = 0xb8;
    putEntry(routes_, &key, &route);
  }

  File routes_;
  File counts_;
  File program_;
};

void testPassing(Program& program, Check check) {
  for (const bool v6 : {false, true}) {
    for (const size_t payload : {0, 1, 160, 161, 1200}) {
      Frame frame(v6, payload);
      const Packet before(frame.rtp(), frame.rtp() + 12 + payload);
      check(program.run(frame) == kRedirected, "a packet of the stream goes on");
      check(frame.isSound(), "with checksums that are right");
      const Packet after(frame.rtp(), frame.rtp() + 12 + payload);
      check(before == after, "and what it carries as it was");
      check(std::memcmp(frame.from(), Frame::address(3).data(), frame.width()) == 0, "from us");
      check(std::memcmp(frame.to(), Frame::address(4).data(), frame.width()) == 0, "to the other");
      check(frame.udp()[1] == (20002 & 0xff) && frame.udp()[3] == (9002 & 0xff), "by its ports");
      const uint8_t hops = frame.bytes[kEthernet + (v6 ? 7 : 8)];
      check(hops == 64, "as new as ours");
      const uint8_t* first = &frame.bytes[kEthernet];
      check(v6 ? first[0] == 0x6b && first[1] == 0x80 : first[1] == 0xb8, "in our class");
      check(v6 || (first[4] == 0 && first[5] == 0), "without the peer's number");
    }
    check(program.accounts[v6].packets == 5, "each is counted");
    check(program.accounts[v6].bytes == 5 * 12 + 1522, "and its bytes");
    check(program.accounts[v6].quality.sequence.duplicates == 4, "and that it came before");
  }
}

void testStaying(Program& program, Check check) {
  const auto stays = [&](const char* what, bool v6, auto change) {
    Frame frame(v6, 160);
    change(frame);
    const Packet before = frame.bytes;
    const uint64_t counted = program.accounts[v6].packets;
    check(program.run(frame) == kPassed && frame.bytes == before, what);
    check(program.accounts[v6].packets == counted, "what stays isn't counted");
  };
  for (const bool v6 : {false, true}) {
    stays("another source", v6, [](Frame& frame) { frame.udp()[1]++; });
    stays("another host", v6, [](Frame& frame) { frame.from()[3]++, frame.seal(); });
    stays("another port", v6, [](Frame& frame) { frame.udp()[3]++; });
    stays("RTCP", v6, [](Frame& frame) { frame.rtp()[1] = 200; });
    stays("STUN", v6, [](Frame& frame) { frame.rtp()[0] = 0; });
    stays("DTLS", v6, [](Frame& frame) { frame.rtp()[0] = 22; });
    stays("padding", v6, [](Frame& frame) { frame.rtp()[0] |= 0x20; });
    stays("an extension beyond it", v6, [](Frame& frame) {
      frame.rtp()[0] |= 0x10;
      put16(frame.rtp() + 14, 500);
    });
    stays("a length that isn't", v6, [](Frame& frame) { frame.udp()[5]++; });
    stays("a cut one", v6, [](Frame& frame) { frame.bytes.resize(frame.bytes.size() - 1); });
  }
  stays("a fragment", false, [](Frame& frame) { frame.bytes[kEthernet + 6] = 0x20, frame.seal(); });
  stays("the rest of one", false, [](Frame& frame) { frame.bytes[kEthernet + 7] = 9, frame.seal(); });
  stays("a spoilt header", false, [](Frame& frame) { frame.bytes[kEthernet + 8]++; });
  stays("one without a checksum", true, [](Frame& frame) { put16(frame.udp() + 6, 0); });
  Frame wide(false, 1472);
  check(program.run(wide) == kPassed, "one that the next link doesn't take");
}

void testCounting(Program& program, Check check) {
  Frame event(false, 4);
  event.rtp()[1] = kEvents;
  event.rtp()[3] = 9;
  event.rtp()[12] = 5;
  event.seal();
  check(program.run(event) == kRedirected, "a digit goes on");
  check(program.accounts[0].quality.dtmfEvents == 1, "and is counted");
  Frame unsummed(false, 160);
  put16(unsummed.udp() + 6, 0);
  check(program.run(unsummed) == kRedirected, "IPv4 may do without a checksum");
  check(unsummed.udp()[6] == 0 && unsummed.udp()[7] == 0, "and still does");
}

void testObject(Check check, const char* path) {
  std::ifstream file(path, std::ios::binary);
  const Packet whole((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (whole.empty()) return;
  const BpfObject object = BpfObject::parse(whole, "tc");
  check(!object.instructions.empty() && object.uses.size() == 2, "the object is read");
  check(BpfObject::parse(whole, "other").instructions.empty(), "no such section");
  std::mt19937 random(1);
  for (int i = 0; i < 3000; i++) {
    Packet spoilt = whole;
    if (i % 2 == 0) spoilt.resize(random() % spoilt.size());
    for (int j = 0; j < 8 && !spoilt.empty(); j++) {
      spoilt[random() % spoilt.size()] = static_cast<uint8_t>(random());
    }
    BpfObject::parse(spoilt, "tc");
  }
}

}  // namespace

void testKernel(Check check, const char* path) {
  testObject(check, path);
  Program program(path);
  if (!program.isLoaded()) {
    std::printf("the kernel's program isn't tried here: %s\n", strerror(errno));
    return;
  }
  testPassing(program, check);
  testStaying(program, check);
  testCounting(program, check);
}
