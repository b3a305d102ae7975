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

void testDerivation() {
  const auto narrow = derive(masterOf(SrtpSuite::aesCm128Sha1Tag80, kKey128, kSalt128), SrtpUse::rtp);
  check(begins(narrow.cipher, "c61e7a93744f39ee10734afe3ff7a087"), "RFC 3711 B.3 cipher key");
  check(begins(narrow.salt, "30cbbc08863d8c85d49db34a9ae1"), "RFC 3711 B.3 salt");
  check(begins(narrow.authentication, "cebe321f6ff7716b6fd4ab49af256a156d38baa4"),
        "RFC 3711 B.3 authentication key");
  const auto wide = derive(masterOf(SrtpSuite::aesCm256Sha1Tag80, kKey256, kSalt256), SrtpUse::rtp);
  check(begins(wide.cipher, "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4"),
        "RFC 6188 7.2 cipher key");
  check(begins(wide.salt, "fa31791685ca444a9e07c6c64e93"), "RFC 6188 7.2 salt");
  check(begins(wide.authentication, "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"),
        "RFC 6188 7.2 authentication key");
}

// The key stream alone, 65,282 blocks of it: a text of zeros, SSRC 0, index 0.
bool streamIs(SrtpSuite suite, std::string_view key, std::string_view first, std::string_view last) {
  SrtpSessionKeys keys;
  const Packet bytes = hex(key);
  const Packet salt = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfd");
  std::memcpy(keys.cipher.data(), bytes.data(), bytes.size());
  std::memcpy(keys.salt.data(), salt.data(), salt.size());
  SrtpCipher cipher(suite, keys, SrtpUse::rtp);
  Packet text(16 * size_t{65282});
  cipher.crypt({text.data(), text.size()}, 0, 0);
  const Packet begin = hex(first);
  const Packet end = hex(last);
  return std::equal(begin.begin(), begin.end(), text.begin()) &&
         std::equal(end.rbegin(), end.rend(), text.rbegin());
}

void testKeyStreams() {
  check(streamIs(SrtpSuite::aesCm128Sha1Tag80, "2b7e151628aed2a6abf7158809cf4f3c",
                 "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab"
                 "41e95b3bb0a2e8dd477901e4fca894c0",
                 "ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae"
                 "6a2cc3787889374fbeb4c81b17ba6c44"),
        "RFC 3711 B.2 key stream");
  check(streamIs(SrtpSuite::aesCm256Sha1Tag80,
                 "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98",
                 "92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac"
                 "63c4868b7096d88421b563b8c94c9a31",
                 "cea518c90fd91ced9cbb18c078a547113dbc4814f4da5f00a08772b63c6a046d"
                 "6eb246913062a16891433e97dd01a57f"),
        "RFC 6188 7.1 key stream");
}

void testKnownPackets() {
  for (const Sealed& known : kSealed) {
    const SrtpMaster master = masterOf(known.suite, known.key, known.salt);
    SrtpSender sender(master);
    SrtpReceiver receiver(master);
    Packet plain = known.control ? rtcp() : rtp(0x1234, 0xcafebabe, 16);
    if (known.control) plain[3] = 0x0b;
    check(sealed(sender, plain, known.control) == hex(known.packet), known.name);
    check(opens(receiver, hex(known.packet), plain, known.control), known.name);
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
    {"RFC 7714 16.1.3", SrtpSuite::aeadAes128Gcm, SrtpUse::rtp, 0x5501a0b2, 0xf17b,
     "8040f17b8041f8d35501a0b2", kGallia, "", "22493f82d2bce397e9d79e3b19aa4216"},
    {"RFC 7714 16.2.3", SrtpSuite::aeadAes256Gcm, SrtpUse::rtp, 0x5501a0b2, 0xf17b,
     "8040f17b8041f8d35501a0b2", kGallia, "", "a866d5910f887463067ceefec45215d4"},
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
    {"RFC 7714 17.4", SrtpSuite::aeadAes256Gcm, SrtpUse::rtcp, 0x4d617273, 0x5d4,
     "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeef"
     "deadbeefdeadbeef",
     "000005d4", "", "91db4afbfeee5a978fab4393ed2615fe"},
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
