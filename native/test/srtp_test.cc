// SRTP against the vectors of its RFCs, and against itself under chance.
#include "srtp_test.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "../src/rtp.h"
#include "../src/secure_end.h"
#include "../src/srtp_receiver.h"
#include "../src/srtp_sender.h"

using namespace media;

namespace {

using Packet = std::vector<uint8_t>;

int failures = 0;

void check(bool holds, const char* what) {
  if (!holds) std::printf("FAILED %s\n", what);
  failures += !holds;
}

Packet hex(std::string_view text) {
  Packet bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    const std::string pair(text.substr(i, 2));
    bytes.push_back(static_cast<uint8_t>(std::stoul(pair, nullptr, 16)));
  }
  return bytes;
}

SrtpMaster masterOf(SrtpSuite suite, std::string_view key, std::string_view salt) {
  SrtpMaster master;
  master.suite = suite;
  const Packet keyBytes = hex(key);
  const Packet saltBytes = hex(salt);
  std::memcpy(master.key.data(), keyBytes.data(), keyBytes.size());
  std::memcpy(master.salt.data(), saltBytes.data(), saltBytes.size());
  return master;
}

template <size_t size>
bool begins(const std::array<uint8_t, size>& bytes, std::string_view with) {
  const Packet expected = hex(with);
  return std::memcmp(bytes.data(), expected.data(), expected.size()) == 0;
}

Packet rtp(uint16_t sequence, uint32_t ssrc = 0xcafebabe, size_t payload = 20) {
  Packet packet(12 + payload, 0xab);
  packet[0] = 0x80;
  packet[1] = 0x0f;
  packet[2] = static_cast<uint8_t>(sequence >> 8);
  packet[3] = static_cast<uint8_t>(sequence);
  write32(&packet[4], 0xdecafbad);
  write32(&packet[8], ssrc);
  return packet;
}

Packet rtcp(uint32_t ssrc = 0xcafebabe) {
  Packet packet(24, 0xab);
  packet[0] = 0x81;
  packet[1] = 0xc8;
  packet[2] = 0;
  packet[3] = 5;
  write32(&packet[4], ssrc);
  return packet;
}

Packet sealed(SrtpSender& sender, Packet packet, bool control = false) {
  const size_t size = packet.size();
  packet.resize(size + kSrtpGrowth);
  packet.resize(control ? sender.sealRtcp(packet.data(), size) : sender.sealRtp(packet.data(), size));
  return packet;
}

SrtpReceiver::Verdict open(SrtpReceiver& receiver, Packet& packet, bool control = false) {
  size_t size = packet.size();
  const auto verdict =
      control ? receiver.openRtcp(packet.data(), size) : receiver.openRtp(packet.data(), size);
  packet.resize(size);
  return verdict;
}

bool opens(SrtpReceiver& receiver, Packet packet, const Packet& plain, bool control = false) {
  return open(receiver, packet, control) == SrtpReceiver::Verdict::opened && packet == plain;
}

constexpr std::string_view kKey128 = "e1f97a0d3e018be0d64fa32c06de4139";
constexpr std::string_view kSalt128 = "0ec675ad498afeebb6960b3aabe6";
constexpr std::string_view kKey256 =
    "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6";
constexpr std::string_view kSalt256 = "3b04803de51ee7c96423ab5b78d2";
constexpr std::string_view kCount32 =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr std::string_view kGcmSalt = "a0a1a2a3a4a5a6a7a8a9aaab";

void testDerivation() {
  const auto narrow = derive(masterOf(SrtpSuite::aesCm128Sha1Tag80, kKey128, kSalt128), SrtpUse::rtp);
  check(begins(narrow.cipher, "c61e7a93744f39ee10734afe3ff7a087"), "RFC 3711 B.3 cipher key");
  check(begins(narrow.salt, "30cbbc08863d8c85d49db34a9ae1"), "RFC 3711 B.3 salt");
  check(begins(narrow.authentication, "cebe321f6ff7716b6fd4ab49af256a156d38baa4"),
        "RFC 3711 B.3 authentication key");
  const auto wide = derive(masterOf(SrtpSuite::aesCm256Sha1Tag80, kKey256, kSalt256), SrtpUse::rtp);
  check(begins(wide.cipher, "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4"),
        "RFC 6188 7.4 cipher key");
  check(begins(wide.salt, "fa31791685ca444a9e07c6c64e93"), "RFC 6188 7.4 salt");
  check(begins(wide.authentication, "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"),
        "RFC 6188 7.4 authentication key");
}

// The key stream alone: a text of zeros, SSRC 0, index 0.
bool streamIs(SrtpSuite suite, std::string_view key, std::string_view expected) {
  SrtpSessionKeys keys;
  const Packet bytes = hex(key);
  const Packet salt = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfd");
  std::memcpy(keys.cipher.data(), bytes.data(), bytes.size());
  std::memcpy(keys.salt.data(), salt.data(), salt.size());
  SrtpCipher cipher(suite, keys, SrtpUse::rtp);
  Packet text(48);
  cipher.crypt({text.data(), text.size()}, 0, 0);
  return text == hex(expected);
}

void testKeyStreams() {
  check(streamIs(SrtpSuite::aesCm128Sha1Tag80, "2b7e151628aed2a6abf7158809cf4f3c",
                 "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab"
                 "41e95b3bb0a2e8dd477901e4fca894c0"),
        "RFC 3711 B.2 key stream");
  check(streamIs(SrtpSuite::aesCm256Sha1Tag80,
                 "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98",
                 "92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac"
                 "63c4868b7096d88421b563b8c94c9a31"),
        "RFC 6188 7.1 key stream");
}

struct KnownPacket {
  const char* name;
  SrtpSuite suite;
  std::string_view key;
  std::string_view salt;
  bool control;
  std::string_view sealed;
};

// One packet each as libsrtp seals it under the master keys of the RFCs.
constexpr KnownPacket kKnownPackets[] = {
    {"AES-CM-128 RTP", SrtpSuite::aesCm128Sha1Tag80, kKey128, kSalt128, false,
     "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"},
    {"AES-CM-256 RTP", SrtpSuite::aesCm256Sha1Tag80, kKey256, kSalt256, false,
     "800f1234decafbadcafebabef1d9de17ff251ff1aa007774b0b4b40da08d9d9a5b3a55d8873b"},
    {"AES-GCM-128 RTP", SrtpSuite::aeadAes128Gcm, kCount32.substr(0, 32), kGcmSalt, false,
     "800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392"},
    {"AES-CM-128 RTCP", SrtpSuite::aesCm128Sha1Tag80, kKey128, kSalt128, true,
     "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798"},
    {"AES-GCM-128 RTCP", SrtpSuite::aeadAes128Gcm, kCount32.substr(0, 32), kGcmSalt, true,
     "81c8000bcafebabec98b8b5df0392a55852b6c21ac8e7025c52c6fbea2b3b446ea31123ba88ce61e80000001"},
};

void testKnownPackets() {
  for (const KnownPacket& known : kKnownPackets) {
    const SrtpMaster master = masterOf(known.suite, known.key, known.salt);
    SrtpSender sender(master);
    SrtpReceiver receiver(master);
    Packet plain = known.control ? rtcp() : rtp(0x1234, 0xcafebabe, 16);
    if (known.control) plain[3] = 0x0b;
    check(sealed(sender, plain, known.control) == hex(known.sealed), known.name);
    check(opens(receiver, hex(known.sealed), plain, known.control), known.name);
  }
}

struct Rfc7714 {
  const char* name;
  SrtpSuite suite;
  SrtpUse use;
  uint32_t ssrc;
  uint64_t index;
  std::string_view known;
  std::string_view knownToo;
  std::string_view text;
  std::string_view sealed;
};

constexpr std::string_view kGallia =
    "47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
constexpr std::string_view kMars =
    "4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

constexpr Rfc7714 kRfc7714[] = {
    {"RFC 7714 16.1.1", SrtpSuite::aeadAes128Gcm, SrtpUse::rtp, 0x5501a0b2, 0xf17b,
     "8040f17b8041f8d35501a0b2", "", kGallia,
     "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
     "899d7f27beb16a9152cf765ee4390cce"},
    {"RFC 7714 16.2.1", SrtpSuite::aeadAes256Gcm, SrtpUse::rtp, 0x5501a0b2, 0xf17b,
     "8040f17b8041f8d35501a0b2", "", kGallia,
     "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b"
     "7aa3db36dfffd6b0f9bb7878d7a76c13"},
    {"RFC 7714 17.1", SrtpSuite::aeadAes128Gcm, SrtpUse::rtcp, 0x4d617273, 0x5d4,
     "81c8000d4d617273", "800005d4", kMars,
     "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b"
     "c84aa45896cf4d2fc5abf87245d9eade"},
    {"RFC 7714 17.2", SrtpSuite::aeadAes256Gcm, SrtpUse::rtcp, 0x4d617273, 0x5d4,
     "81c8000d4d617273", "800005d4", kMars,
     "d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad"
     "1d1eb30c4446839f57ff6f6cb26ac3be"},
    {"RFC 7714 17.3", SrtpSuite::aeadAes128Gcm, SrtpUse::rtcp, 0x4d617273, 0x5d4,
     "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeef"
     "deadbeefdeadbeef",
     "000005d4", "", "841dd9683dd78ec92ae58790125f62b3"},
};

void testRfc7714() {
  for (const Rfc7714& vector : kRfc7714) {
    SrtpSessionKeys keys;
    const Packet key = hex(kCount32);
    const Packet salt = hex("517569642070726f2071756f");
    std::memcpy(keys.cipher.data(), key.data(), key.size());
    std::memcpy(keys.salt.data(), salt.data(), salt.size());
    SrtpCipher cipher(vector.suite, keys, vector.use);
    Packet known = hex(vector.known);
    Packet knownToo = hex(vector.knownToo);
    const Packet plain = hex(vector.text);
    Packet text = plain;
    text.resize(plain.size() + 16);
    const Bytes one{known.data(), known.size()};
    const Bytes two{knownToo.data(), knownToo.size()};
    const Bytes place{text.data(), plain.size()};
    cipher.seal(one, two, place, &text[plain.size()], vector.ssrc, vector.index);
    check(text == hex(vector.sealed), vector.name);
    check(cipher.open(one, two, place, &text[plain.size()], vector.ssrc, vector.index) &&
              std::equal(plain.begin(), plain.end(), text.begin()),
          vector.name);
  }
}

SrtpMaster anyMaster(SrtpSuite suite, uint8_t seed) {
  SrtpMaster master;
  master.suite = suite;
  for (size_t i = 0; i < factsOf(suite).keyBytes; i++) master.key[i] = static_cast<uint8_t>(i * 7 + seed);
  for (size_t i = 0; i < factsOf(suite).saltBytes; i++) master.salt[i] = static_cast<uint8_t>(i + seed);
  return master;
}

void testEverySuite(SrtpSuite suite) {
  SrtpSender sender(anyMaster(suite, 1));
  SrtpReceiver receiver(anyMaster(suite, 1));
  std::mt19937 chance{42};
  for (uint16_t n = 0; n < 300; n++) {
    const Packet plain = rtp(n, 7, chance() % 1400);
    const Packet safe = sealed(sender, plain);
    Packet spoilt = safe;
    spoilt[chance() % safe.size()] ^= static_cast<uint8_t>(1 + chance() % 255);
    const Packet before = spoilt;
    check(open(receiver, spoilt) != SrtpReceiver::Verdict::opened, "a spoilt packet stays closed");
    check(spoilt == before, "a spoilt packet is left as it was");
    check(opens(receiver, safe, plain), "there and back");
    Packet again = safe;
    check(open(receiver, again) == SrtpReceiver::Verdict::replayed, "a repeat is known");

    const Packet report = rtcp(7);
    const Packet safeReport = sealed(sender, report, true);
    spoilt = safeReport;
    spoilt[chance() % spoilt.size()] ^= 0x55;
    check(open(receiver, spoilt, true) != SrtpReceiver::Verdict::opened, "a spoilt report");
    check(opens(receiver, safeReport, report, true), "a report there and back");
    again = safeReport;
    check(open(receiver, again, true) == SrtpReceiver::Verdict::replayed, "a repeated report");
  }
  for (size_t size = 0; size < 40; size++) {
    Packet cut = sealed(sender, rtp(static_cast<uint16_t>(1000 + size), 7));
    cut.resize(std::min(size, cut.size() - 1));
    Packet cutReport = cut;
    check(open(receiver, cut) == SrtpReceiver::Verdict::unauthentic, "a cut packet");
    check(open(receiver, cutReport, true) == SrtpReceiver::Verdict::unauthentic, "a cut report");
  }
}

void testCounting(SrtpSuite suite) {
  const SrtpMaster master = anyMaster(suite, 2);
  {
    SrtpSender sender(master);
    SrtpReceiver receiver(master);
    bool all = true;
    for (uint32_t n = 65000; n < 65000 + 140000; n += 37) {
      const Packet plain = rtp(static_cast<uint16_t>(n));
      all = all && opens(receiver, sealed(sender, plain), plain);
    }
    check(all, "the counter rolls over, twice, under losses");
  }
  {
    SrtpSender sender(master);
    SrtpReceiver receiver(master);
    for (uint32_t n = 65500; n < 65600; n++) sealed(sender, rtp(static_cast<uint16_t>(n)));
    const Packet plain = rtp(64);
    check(opens(receiver, sealed(sender, plain), plain), "the first packet to come is past the turn");
  }
  {
    SrtpSender sender(master);
    SrtpReceiver receiver(master);
    std::vector<Packet> late;
    for (uint16_t n = 0; n < 200; n++) late.push_back(sealed(sender, rtp(n)));
    check(opens(receiver, late[199], rtp(199)), "the last comes first");
    check(opens(receiver, late[100], rtp(100)), "a late one inside the window");
    check(open(receiver, late[50]) == SrtpReceiver::Verdict::replayed, "one behind the window");
  }
}

void testSources() {
  const SrtpMaster master = anyMaster(SrtpSuite::aesCm128Sha1Tag80, 3);
  SrtpSender sender(master);
  SrtpReceiver receiver(master);
  bool all = true;
  for (uint32_t ssrc = 1; ssrc <= kSrtpSourcesMax; ssrc++) {
    const Packet plain = rtp(static_cast<uint16_t>(ssrc * 211), ssrc);
    all = all && opens(receiver, sealed(sender, plain), plain);
  }
  check(all, "a source after each hold (attack case E5)");
  check(opens(receiver, sealed(sender, rtp(212, 1)), rtp(212, 1)), "the first source goes on");
  check(sealed(sender, rtp(1, 9999)).empty(), "no end of sources: the sender");
  SrtpSender another(master);
  Packet more = sealed(another, rtp(1, 9999));
  check(open(receiver, more) != SrtpReceiver::Verdict::opened, "no end of sources: the receiver");
}

void testRestart() {
  const SrtpMaster master = anyMaster(SrtpSuite::aeadAes128Gcm, 4);
  SrtpSender sender(master);
  SrtpReceiver receiver(master);
  for (uint16_t n = 5000; n < 5300; n++) {
    Packet safe = sealed(sender, rtp(n));
    open(receiver, safe);
  }
  check(sealed(sender, rtp(5299)).empty(), "what was sent isn't sent again");
  check(sealed(sender, rtp(100)).empty(), "one stray packet isn't sent");
  bool all = true;
  for (uint16_t n = 101; n < 200; n++) {
    Packet safe = sealed(sender, rtp(n));
    all = all && open(receiver, safe) == SrtpReceiver::Verdict::opened &&
          sequenceOf(safe.data()) == static_cast<uint16_t>(n - 101 + 5300);
  }
  check(all, "a source that begins its numbers anew is heard, and its peer sees no gap");
}

void testNewKey(SrtpSuite suite) {
  const SrtpMaster former = anyMaster(suite, 5);
  const SrtpMaster next = anyMaster(suite, 6);
  SrtpSender sender(former);
  SrtpReceiver receiver(former);
  for (uint32_t n = 65500; n < 65600; n++) {
    Packet safe = sealed(sender, rtp(static_cast<uint16_t>(n)));
    open(receiver, safe);
  }
  SrtpReceiver after(next);
  after.follow(receiver);
  SrtpSender anew(next);
  check(opens(after, sealed(anew, rtp(64)), rtp(64)), "a new key whose counter begins anew");

  SrtpReceiver afterToo(next);
  afterToo.follow(receiver);
  // Made to count as the former did, as RFC 3711 has it.
  SrtpSender goesOn(next);
  for (uint32_t n = 65500; n < 65600; n++) sealed(goesOn, rtp(static_cast<uint16_t>(n)));
  check(opens(afterToo, sealed(goesOn, rtp(64)), rtp(64)), "a new key whose counter goes on");
  Packet old = sealed(sender, rtp(65));
  check(open(after, old) == SrtpReceiver::Verdict::unauthentic, "the former key is no longer good");
}

void testKeyNames() {
  for (const SrtpSuite suite : {SrtpSuite::aesCm128Sha1Tag80, SrtpSuite::aeadAes256Gcm}) {
    SrtpMaster master = anyMaster(suite, 7);
    SrtpSender sender(master);
    Packet safe = sealed(sender, rtp(1));
    const size_t tag = factsOf(suite).aead ? 0 : factsOf(suite).rtpTagBytes;
    master.mkiBytes = 6;
    master.mki = 0x01020304;
    Packet named = safe;
    const Packet mki = hex("000001020304");
    named.insert(named.end() - static_cast<long>(tag), mki.begin(), mki.end());
    SrtpReceiver receiver(master);
    Packet other = named;
    other[other.size() - tag - 1] ^= 1;
    check(open(receiver, other) == SrtpReceiver::Verdict::unauthentic, "another key's name");
    check(opens(receiver, named, rtp(1)), "a key with a name (MKI)");
  }
}

Packet sealed(SecureEnd& end, Packet packet, bool control = false) {
  const size_t size = packet.size();
  packet.resize(size + kSrtpGrowth);
  packet.resize(end.seal(packet.data(), size, control));
  return packet;
}

SrtpReceiver::Verdict open(SecureEnd& end, Packet packet) {
  size_t size = packet.size();
  return end.open(packet.data(), size, false, 0);
}

// The early dialogs of a forked call take turns, each with its own keys or with none.
void testKeyThatReturns() {
  const SrtpSuite suite = SrtpSuite::aesCm128Sha1Tag80;
  const SrtpMaster ours = anyMaster(suite, 8);
  const SrtpMaster theirs = anyMaster(suite, 9);
  const SrtpMaster another = anyMaster(suite, 10);
  SecureEnd end;
  SrtpSender peer(theirs);
  end.agree(theirs, ours, 0);
  sealed(end, rtp(100));
  const Packet report = sealed(end, rtcp(), true);
  const Packet first = sealed(peer, rtp(65535));
  const Packet second = sealed(peer, rtp(0));
  check(open(end, first) == SrtpReceiver::Verdict::opened, "a fork's first packet");
  check(open(end, second) == SrtpReceiver::Verdict::opened, "a fork's second packet");
  for (const SrtpMaster& between : {SrtpMaster(), another}) {
    end.agree(between, between, 0);
    end.agree(theirs, ours, 0);
    check(sealed(end, rtp(100)).empty(), "no key stream twice when a key returns");
    check(sealed(end, rtcp(), true) != report, "no key stream of RTCP twice when a key returns");
    check(open(end, second) == SrtpReceiver::Verdict::replayed, "no replay when a key returns");
  }
  check(open(end, sealed(peer, rtp(1))) == SrtpReceiver::Verdict::opened,
        "the rollover counter when a key returns");
}

// A call that changes its ports, or joins another, has a stream anew under the peer's same key.
void testKeyThatMoves() {
  const SrtpSuite suite = SrtpSuite::aesCm128Sha1Tag80;
  const SrtpMaster theirs = anyMaster(suite, 11);
  SrtpSender peer(theirs);
  SecureEnd before;
  before.agree(theirs, anyMaster(suite, 12), 0);
  const Packet first = sealed(peer, rtp(65535));
  const Packet second = sealed(peer, rtp(0));
  open(before, first);
  open(before, second);
  SecureEnd after;
  after.agree(theirs, anyMaster(suite, 13), 0);
  check(after.follow(before), "another end of the same peer");
  check(open(after, second) == SrtpReceiver::Verdict::replayed &&
            open(after, first) == SrtpReceiver::Verdict::replayed,
        "what came by the former ports can't be played again by the new ones");
  check(open(after, sealed(peer, rtp(1))) == SrtpReceiver::Verdict::opened,
        "the rollover counter goes on by the new ports");

  // Some peers have one key for all their calls.
  std::vector<std::unique_ptr<SecureEnd>> calls;
  bool all = true;
  for (uint32_t ssrc = 1; ssrc <= 2 * kSrtpSourcesMax; ssrc++) {
    SrtpSender caller(theirs);
    calls.push_back(std::make_unique<SecureEnd>());
    calls.back()->agree(theirs, anyMaster(suite, 14), 0);
    if (ssrc > 1) calls.back()->follow(*calls[ssrc - 2]);
    const Packet packet = sealed(caller, rtp(1, ssrc));
    all = all && open(*calls.back(), packet) == SrtpReceiver::Verdict::opened;
  }
  check(all, "one call's sources are no burden to the next");
}

}  // namespace

int srtpFailures() {
  testDerivation();
  testKeyStreams();
  testKnownPackets();
  testRfc7714();
  for (uint8_t suite = 1; suite < kSrtpSuites; suite++) {
    testEverySuite(static_cast<SrtpSuite>(suite));
    testCounting(static_cast<SrtpSuite>(suite));
    testNewKey(static_cast<SrtpSuite>(suite));
  }
  testSources();
  testRestart();
  testKeyNames();
  testKeyThatReturns();
  testKeyThatMoves();
  return failures;
}
