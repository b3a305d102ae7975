// The parts with many cases, and a whole plane under chance: run by src/io/media-plane/native.test.ts, built with
// the address and undefined-behaviour sanitizers.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../src/address.h"
#include "../src/frame.h"
#include "../src/quality.h"
#include "../src/rtp.h"
#include "../src/sequence.h"
#include "../src/source.h"
#include "../src/udp_socket.h"
#include "bundle_test.h"
#include "dtls_test.h"
#include "frame_test.h"
#include "ice_test.h"
#include "kernel_test.h"
#include "plane_test.h"
#include "quality_test.h"
#include "sandbox_test.h"
#include "srtp_test.h"
#include "steer_test.h"
#include "stun_test.h"

using namespace media;

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  if (!holds) std::printf("FAILED %s\n", what);
  failures += !holds;
}

uint64_t lostOf(std::initializer_list<uint16_t> numbers) {
  Sequence sequence;
  for (const uint16_t number : numbers) sequence.count(1, number);
  return sequence.lost();
}

void testSequence() {
  check(lostOf({1, 2, 3}) == 0, "nothing lost");
  check(lostOf({1, 4}) == 2, "a gap");
  check(lostOf({1, 4, 2, 3}) == 0, "late is not lost");
  check(lostOf({65535, 0, 2}) == 1, "a gap behind the wrap");
  check(lostOf({1, 0}) == 0, "one before the first");
  check(lostOf({1, 1, 1, 3}) == 1, "duplicates hide no losses");
  check(lostOf({1, 3, 40000, 40001, 40003}) == 2, "a leap settles the account and begins anew");
  check(lostOf({1, 40000, 2}) == 0, "one stray packet is no leap");
  Sequence many;
  for (uint32_t number = 0; number < 200000; number++) {
    if (number % 1000 != 5) many.count(1, static_cast<uint16_t>(number));
  }
  check(many.lost() == 200, "three times round");
}

void testRtp() {
  std::vector<uint8_t> packet(12);
  packet[0] = 0x80;
  check(validRtp(packet.data(), packet.size()), "a header alone");
  check(!validRtp(packet.data(), 11), "a cut header");
  packet[0] = 0x40;
  check(!validRtp(packet.data(), packet.size()), "version 1");
  packet[0] = 0x90;
  check(!validRtp(packet.data(), packet.size()), "no room for the extension");
  packet.insert(packet.end(), {0xbe, 0xde, 0, 1, 0, 0, 0, 0});
  check(validRtp(packet.data(), packet.size()), "an extension that fills the packet");
  packet[15] = 2;
  check(!validRtp(packet.data(), packet.size()), "an extension beyond the packet");
}

// Random packets in a buffer of their very size: a read beyond it ends the program.
void testRandomPackets() {
  std::mt19937 random(1);
  Quality quality;
  Formats formats;
  formats.add(5, 8000, Formats::Use::events);
  RoundTrip near, far;
  for (int i = 0; i < 200000; i++) {
    const size_t size = random() % 64;
    const auto packet = std::make_unique<uint8_t[]>(size);
    for (size_t at = 0; at < size; at++) packet[at] = static_cast<uint8_t>(random());
    if (size > 0) packet[0] = static_cast<uint8_t>(0x80 | (packet[0] & 0x3f));
    if (size > 1 && random() % 2) packet[1] = static_cast<uint8_t>(192 + packet[1] % 32);
    const bool rtp = validRtp(packet.get(), size);
    const bool rtcp = validRtcp(packet.get(), size);
    check(!(rtp && rtcp), "RTP or RTCP");
    if (rtp) quality.count(packet.get(), size, formats, i);
    if (rtcp) readReports(packet.get(), size, near, far, i);
    FrameReader frame(std::string_view(reinterpret_cast<char*>(packet.get()), size));
    for (int reads = 0; reads < 8; reads++) {
      frame.text();
      frame.u32();
    }
  }
}

void testFrames() {
  std::string bytes;
  {
    FrameWriter frame(bytes, EventKind::fence);
    frame.u32(0x01020304);
    frame.text("ab");
  }
  check(bytes == std::string("\x07\x00\x07\x04\x03\x02\x01\x02"
                             "ab",
                             10),
        "a frame's bytes");
  FrameReader reader(std::string_view(bytes).substr(kFrameHeader));
  check(reader.u32() == 0x01020304 && reader.text() == "ab" && reader.ok(), "reads what it wrote");
  check(reader.u8() == 0 && !reader.ok(), "a read past the end is no frame");
  check(!FrameReader("x").ok(), "bytes left over are no frame");
}

void testAddress() {
  const Address v4 = Address::parse("192.0.2.1", 5004);
  const Address v6 = Address::parse("2001:db8::1", 5004);
  check(v4.family() == AF_INET && v4.host() == "192.0.2.1" && v4.port() == 5004, "IPv4");
  check(v6.family() == AF_INET6 && v6.host() == "2001:db8::1" && v6.port() == 5004, "IPv6");
  check(v4 != v6 && v4 == v4.withPort(5004) && v4 != v4.withPort(5005), "equality");
  check(v4.sameHost(v4.withPort(1)) && !v4.withPort(0).present(), "another port");
  for (const char* none : {"", "localhost", "1.2.3", "1.2.3.4.5", "::1%lo", "[::1]", "1.2.3.4 "}) {
    check(!Address::parse(none, 1).present(), none);
  }
}

void testSource() {
  const Address agreed = Address::parse("192.0.2.1", 5004);
  const Address other = Address::parse("198.51.100.7", 40000);
  Source source;
  check(source.judge(agreed, 0) == Source::Verdict::disagreed, "nothing agreed");
  source.agree(agreed, false);
  check(source.judge(agreed, 0) == Source::Verdict::accepted, "strict, agreed");
  check(source.judge(agreed.withPort(5006), 0) == Source::Verdict::foreign, "strict, other port");
  source.agree(agreed, true);
  check(source.judge(other, 0) == Source::Verdict::learnt && source.best() == other, "learnt");
  source.agree(Address(), true);
  check(source.judge(other, 9999) == Source::Verdict::accepted, "a hold changes nothing");
  source.agree(agreed, false);
  check(source.judge(other, 0) == Source::Verdict::foreign, "strict again");
}

void testSocket() {
  UdpSocket socket;
  check(socket.open(Address::parse("127.0.0.1", 0), 46) == nullptr, "opens");
  int value = 0;
  socklen_t size = sizeof value;
  getsockopt(socket.fd(), IPPROTO_IP, IP_TOS, &value, &size);
  check(value == 46 << 2, "DSCP of IPv4");
  const int v6 = ::socket(AF_INET6, SOCK_DGRAM, 0);
  check(setDscp(v6, AF_INET6, 34), "sets DSCP of IPv6");
  getsockopt(v6, IPPROTO_IPV6, IPV6_TCLASS, &value, &size);
  check(value == 34 << 2, "DSCP of IPv6");
  close(v6);
}

}  // namespace

// With the path of the kernel's part.
int main(int argc, char** argv) {
  testSequence();
  testRtp();
  testRandomPackets();
  testFrames();
  testAddress();
  testSource();
  testSocket();
  testQuality(check);
  testEthernetFrames(check);
  testKernel(check, argc > 1 ? argv[1] : "");
  testSteering(check, argc > 2 ? argv[2] : "");
  failures += srtpFailures();
  failures += stunFailures();
  failures += iceFailures();
  failures += dtlsFailures();
  const char* bundle = bundleFailure();
  check(!bundle, bundle);
  check(planeSurvivesChance(), "a plane survives chance");
  check(sandboxHolds(), "the sandbox holds");
  check(watchdogEndsWhatHangs(), "the watchdog ends a process whose loop hangs");
  check(watchdogLeavesTheRest(), "the watchdog leaves a loop that waits or comes round");
  check(planeEndsOnNonsense(), "a plane ends when spoken to in another language");
  std::printf("%d failed\n", failures);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
