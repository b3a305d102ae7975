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

  // One that has come out.
  Frame(bool v6, const Packet& out) : v6_(v6), bytes(out) {}

  // From a peer whose partner is of the other family.
  Frame& crossing() {
    std::memcpy(from(), address(5).data(), width());
    seal();
    return *this;
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

// The program with two routes for frames of either family: to a peer of the same, and of the other.
class Program {
 public:
  explicit Program(const char* path) {
    BpfObject object = BpfObject::read(path, "tc");
    routes_ = createHash("test_routes", sizeof(RouteKey), sizeof(Route), 4);
    counts_ = createArray("test_accounts", sizeof(Account), kAccounts);
    object.use("routes", routes_.fd());
    object.use("accounts", counts_.fd());
    std::string complaint;
    program_ = loadProgram(object, complaint);
    if (!program_.isOpen()) return;
    void* mapped = mmap(nullptr, kAccounts * sizeof(Account), PROT_READ | PROT_WRITE, MAP_SHARED, counts_.fd(), 0);
    accounts = static_cast<Account*>(mapped);
    Formats formats;
    formats.add(0, 8000, Formats::Use::media);
    formats.add(kEvents, 8000, Formats::Use::events);
    for (const bool v6 : {false, true}) {
      for (const bool crosses : {false, true}) {
        accountOf(v6, crosses).formats = formats.table();
        putRoute(v6, crosses);
      }
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

  Account& accountOf(bool v6, bool crosses = false) { return accounts[v6 + 2 * crosses]; }

  Account* accounts = nullptr;

 private:
  static constexpr uint32_t kAccounts = 4;

  void putRoute(bool v6, bool crosses) {
    const size_t width = v6 ? 16 : 4;
    const size_t widthOut = v6 != crosses ? 16 : 4;
    RouteKey key{};
    std::memcpy(key.from, Frame::address(crosses ? 5 : 1).data(), width);
    std::memcpy(key.to, Frame::address(2).data(), width);
    key.fromPort = htons(9000);
    key.toPort = htons(20000);
    key.version = v6 ? 6 : 4;
    Route route{};
    std::memcpy(route.from, Frame::address(3).data(), widthOut);
    std::memcpy(route.to, Frame::address(4).data(), widthOut);
    std::memcpy(route.via, Frame::address(4).data(), widthOut);
    route.interface = 1;
    route.mtu = 1500;
    route.fromPort = htons(20002);
    route.toPort = htons(9002);
    route.account = static_cast<uint32_t>(v6 + 2 * crosses);
    route.version = widthOut == 16 ? 6 : 4;
    route.trafficClass = 0xb8;
    putEntry(routes_, &key, &route);
  }

  File routes_;
  File counts_;
  File program_;
};

// What came out is the packet, as we send it to the other peer.
void checkPassed(Frame& frame, bool v6, const Packet& before, Check check) {
  check(frame.isSound(), "with checksums that are right");
  const Packet after(frame.rtp(), frame.bytes.data() + frame.bytes.size());
  check(before == after, "and what it carries as it was");
  check(std::memcmp(frame.from(), Frame::address(3).data(), frame.width()) == 0, "from us");
  check(std::memcmp(frame.to(), Frame::address(4).data(), frame.width()) == 0, "to the other");
  check(frame.udp()[1] == (20002 & 0xff) && frame.udp()[3] == (9002 & 0xff), "by its ports");
  const uint8_t* first = &frame.bytes[kEthernet];
  check(first[v6 ? 7 : 8] == 64, "as new as ours");
  check(first[v6 ? 6 : 9] == 17, "of UDP");
  uint8_t length[2];
  put16(length, static_cast<uint32_t>(frame.bytes.size() - kEthernet - (v6 ? 40 : 0)));
  check(std::memcmp(first + (v6 ? 4 : 2), length, 2) == 0, "as long as it is");
  check(v6 ? first[0] == 0x6b && first[1] == 0x80 && first[2] == 0 && first[3] == 0
           : first[0] == 0x45 && first[1] == 0xb8,
        "in our class");
  check(v6 || (first[4] == 0 && first[5] == 0 && first[6] == 0x40 && first[7] == 0),
        "without the peer's number, and whole");
}

void testPassing(Program& program, Check check) {
  for (const bool v6 : {false, true}) {
    for (const bool crosses : {false, true}) {
      for (const size_t payload : {0, 1, 160, 161, 1200}) {
        Frame frame(v6, payload);
        if (crosses) frame.crossing();
        const Packet before(frame.rtp(), frame.rtp() + 12 + payload);
        check(program.run(frame) == kRedirected, "a packet of the stream goes on");
        Frame out(v6 != crosses, frame.bytes);
        checkPassed(out, v6 != crosses, before, check);
      }
      const Account& account = program.accountOf(v6, crosses);
      check(account.packets == 5, "each is counted");
      check(account.bytes == 5 * 12 + 1522, "and its bytes");
      check(account.quality.sequence.duplicates == 4, "and that it came before");
    }
  }
}

// By the sum of UDP: 0 is none, and what makes 0 is told as 0xffff (RFC 768).
void testSums(Program& program, Check check) {
  for (const bool v6 : {false, true}) {
    for (uint32_t i = 0; i < 3000; i++) {
      Frame frame(v6, 4);
      put16(frame.rtp() + 12, i * 22);
      frame.crossing();
      check(program.run(frame) == kRedirected, "it crosses");
      Frame out(!v6, frame.bytes);
      check(out.isSound() && (out.udp()[6] | out.udp()[7]) != 0, "with a sum, and the right one");
    }
  }
}

void testStaying(Program& program, Check check) {
  const auto stays = [&](const char* what, bool v6, auto change) {
    Frame frame(v6, 160);
    change(frame);
    const Packet before = frame.bytes;
    const uint64_t counted = program.accountOf(v6).packets;
    check(program.run(frame) == kPassed && frame.bytes == before, what);
    check(program.accountOf(v6).packets == counted, "what stays isn't counted");
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
  stays("a tagged one", false, [](Frame& frame) {
    const uint8_t tag[] = {0x81, 0x00, 0x00, 0x05};
    frame.bytes.insert(frame.bytes.begin() + 12, tag, tag + sizeof tag);
  });
  stays("one that wants a checksum on the other side", false, [](Frame& frame) {
    put16(frame.crossing().udp() + 6, 0);
  });
  // With 28 bytes of headers before RTP (48 for IPv6), and 1,500 at most.
  for (const bool v6 : {false, true}) {
    for (const bool crosses : {false, true}) {
      const size_t room = 1500 - (v6 != crosses ? 48 : 28) - 12;
      for (const size_t over : {0, 1}) {
        Frame frame(v6, room + over);
        if (crosses) frame.crossing();
        check(program.run(frame) == (over ? kPassed : kRedirected), "what the next link takes");
      }
    }
  }
}

void testCounting(Program& program, Check check) {
  Frame event(false, 4);
  event.rtp()[1] = kEvents;
  event.rtp()[3] = 9;
  event.rtp()[12] = 5;
  event.seal();
  check(program.run(event) == kRedirected, "a digit goes on");
  check(program.accountOf(false).quality.dtmfEvents == 1, "and is counted");
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
  testSums(program, check);
  testStaying(program, check);
  testCounting(program, check);
}
