// STUN against the vectors of RFC 5769, and under chance.
#include "stun_test.h"

#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "../src/demux.h"
#include "../src/stun.h"
#include "vectors.h"

using namespace media;
using namespace media::vectors;

namespace {

using Packet = std::vector<uint8_t>;

int failures = 0;

void check(bool holds, const char* what) {
  if (!holds) std::printf("FAILED %s\n", what);
  failures += !holds;
}

constexpr std::string_view kPassword = "VOkJxbRl1RmTxUk/WvJxBt";

bool read(const Packet& packet, StunMessage& message) {
  return readStun(packet.data(), packet.size(), message);
}

void testVectors() {
  StunMessage message;
  Packet packet = hex(kRequest);
  check(read(packet, message) && message.kind == StunClass::request, "RFC 5769 2.1, request");
  check(message.username == "evtj:h6vY" && message.priority == 0x6e0001ff, "its name and priority");
  check(message.controlled && !message.controlling && message.tieBreaker == 0x932ff9b151263b36,
        "its role");
  check(isAuthentic(packet.data(), message, kPassword), "its password");
  check(!isAuthentic(packet.data(), message, "VOkJxbRl1RmTxUk/WvJxBT"), "another password");
  check(message.unknowns == 0, "SOFTWARE may be passed over");

  packet = hex(kResponseV4);
  check(read(packet, message) && message.kind == StunClass::success, "RFC 5769 2.2, IPv4 response");
  check(isAuthentic(packet.data(), message, kPassword), "its password too");
  check(message.mapped == Address::parse("192.0.2.1", 32853), "an IPv4 address");
  packet = hex(kResponseV6);
  check(read(packet, message) && isAuthentic(packet.data(), message, kPassword),
        "RFC 5769 2.3, IPv6 response");
  check(message.mapped == Address::parse("2001:db8:1234:5678:11:2233:4455:6677", 32853),
        "an IPv6 address");

  // Long-term credentials are a key of their own to the same arithmetic: MD5 of name, realm and
  // password (RFC 8489 §9.2.2).
  packet = hex(kLongTerm);
  const Packet key = hex("e8ca7ad59d5eb0518e312911d2dab2a9");
  check(read(packet, message) && message.kind == StunClass::request, "RFC 5769 2.4, long-term");
  check(message.username.size() == 18, "its name, in UTF-8");
  check(isAuthentic(packet.data(), message, {reinterpret_cast<const char*>(key.data()), key.size()}),
        "its key");
  check(message.unknowns == 2, "REALM and NONCE are none of ICE's");
}

// Whatever byte is changed: the fingerprint tells. Without one (its type is what was changed) the
// password still vouches for the rest.
void testSpoilt() {
  const Packet whole = hex(kRequest);
  StunMessage message;
  for (size_t i = 0; i < whole.size(); i++) {
    Packet packet = whole;
    packet[i] ^= 0x40;
    const bool unmarked = i == whole.size() - 8 || i == whole.size() - 7;
    const bool passed = read(packet, message) && isAuthentic(packet.data(), message, kPassword);
    check(passed == unmarked, "a byte was changed");
  }
  for (size_t size = 0; size < whole.size(); size++) {
    const auto cut = std::make_unique<uint8_t[]>(size);
    std::memcpy(cut.get(), whole.data(), size);
    check(!readStun(cut.get(), size, message), "a cut message");
  }
}

StunTransaction transaction() {
  StunTransaction bytes;
  bytes.fill(7);
  return bytes;
}

Packet bytesOf(const StunWriter& writer) {
  return {writer.data(), writer.data() + writer.size()};
}

void testWritten() {
  StunWriter writer;
  StunMessage message;
  for (const char* host : {"192.0.2.1", "2001:db8::1"}) {
    const Address address = Address::parse(host, 5004);
    writer.begin(StunClass::success, transaction());
    writer.mapped(address);
    writer.integrity("secret");
    writer.fingerprint();
    const Packet packet = bytesOf(writer);
    check(read(packet, message) && message.mapped == address, host);
    check(message.kind == StunClass::success && message.transaction == transaction(), "a response");
    check(isAuthentic(packet.data(), message, "secret"), "its integrity");
  }
  StunMessage asked;
  asked.unknown = {0x0030, 0x0031};
  asked.unknowns = 2;
  writer.begin(StunClass::error, transaction());
  writer.error(420, "Unknown Attribute");
  writer.unknown(asked);
  writer.fingerprint();
  check(read(bytesOf(writer), message) && message.errorCode == 420, "an error");
  check(message.kind == StunClass::error, "its class");
  writer.begin(StunClass::indication, transaction());
  check(read(bytesOf(writer), message) && message.kind == StunClass::indication, "an indication");
}

void testUnvouched() {
  StunWriter writer;
  StunMessage message;
  writer.begin(StunClass::request, transaction());
  writer.text(StunAttribute::username, "a:b");
  writer.integrity("secret");
  writer.flag(StunAttribute::useCandidate);
  const Packet packet = bytesOf(writer);
  check(read(packet, message) && isAuthentic(packet.data(), message, "secret"), "read as it is");
  check(!message.useCandidate, "what stands behind MESSAGE-INTEGRITY counts for nothing");
  writer.begin(StunClass::request, transaction());
  writer.number(static_cast<StunAttribute>(0x7777), 1);
  check(read(bytesOf(writer), message) && message.unknowns == 1 && message.unknown[0] == 0x7777,
        "an attribute that one must understand");
}

// Messages of chance and of changed attributes, in a buffer of their very size.
void testChance() {
  std::mt19937 random(3);
  const Packet whole = hex(kRequest);
  for (int i = 0; i < 100000; i++) {
    const size_t size = i % 2 ? whole.size() : 4 * (random() % 40);
    const auto packet = std::make_unique<uint8_t[]>(size);
    for (size_t at = 0; at < size; at++) packet[at] = static_cast<uint8_t>(random());
    if (size >= kStunHeader) std::memcpy(packet.get(), whole.data(), kStunHeader);
    if (i % 2) std::memcpy(packet.get(), whole.data(), size - 8);
    if (i % 2) packet[kStunHeader + random() % (size - kStunHeader)] = static_cast<uint8_t>(random());
    else if (size >= kStunHeader) packet[3] = static_cast<uint8_t>(size - kStunHeader);
    StunMessage message;
    if (readStun(packet.get(), size, message)) isAuthentic(packet.get(), message, kPassword);
  }
}

void testDemux() {
  const auto is = [](uint8_t first) { return contentOf(&first, 1); };
  check(is(0) == Content::stun && is(3) == Content::stun && is(4) == Content::other, "STUN");
  check(is(20) == Content::dtls && is(63) == Content::dtls && is(19) == Content::other, "DTLS");
  check(is(128) == Content::media && is(191) == Content::media && is(192) == Content::other, "RTP");
  check(contentOf(nullptr, 0) == Content::other, "nothing");
}

}  // namespace

int stunFailures() {
  testVectors();
  testSpoilt();
  testWritten();
  testUnvouched();
  testChance();
  testDemux();
  return failures;
}
