// DTLS-SRTP between two associations: keys, proofs, losses, and what strangers send.
#include "dtls_test.h"

#include <sys/time.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../src/dtls.h"

using namespace media;
using State = DtlsAssociation::State;

namespace {

Ms virtualMs = 0;

}  // namespace

// The clock of OpenSSL's retransmissions: this program's own takes its place.
extern "C" int gettimeofday(timeval* __restrict time, void* __restrict) noexcept {
  const Ms ms = 1'700'000'000'000 + virtualMs;
  time->tv_sec = static_cast<time_t>(ms / 1000);
  time->tv_usec = static_cast<suseconds_t>(ms % 1000 * 1000);
  return 0;
}

// The sanitizer's, whose header isn't everywhere.
extern "C" size_t __sanitizer_get_current_allocated_bytes();

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  if (!holds) std::printf("FAILED %s\n", what);
  failures += !holds;
}

const DtlsIdentity& ours() {
  static const DtlsIdentity identity;
  return identity;
}

const DtlsIdentity& theirs() {
  static const DtlsIdentity identity;
  return identity;
}

DtlsPlan planOf(DtlsRole role, const DtlsIdentity& peer) { return {role, {peer.fingerprint()}}; }

// Two associations and the wire between them.
class Pair {
 public:
  Pair(const DtlsPlan& activePlan, const DtlsPlan& passivePlan, bool isChecked = true)
      : active(ours(), activePlan, isChecked), passive(theirs(), passivePlan, isChecked) {}
  explicit Pair(bool isChecked = true)
      : Pair(planOf(DtlsRole::active, theirs()), planOf(DtlsRole::passive, ours()), isChecked) {}

  // Whether the n-th datagram of all gets lost.
  std::function<bool(size_t)> lost = [](size_t) { return false; };
  // Before each datagram.
  std::function<void()> between = [] {};

  void run() {
    active.start(virtualMs);
    while (!settled()) {
      if (move(active, passive) + move(passive, active) > 0) continue;
      const Ms next = std::min(active.deadline(), passive.deadline());
      if (next == DtlsAssociation::kNever) return;
      virtualMs = std::max(virtualMs, next);
      active.wake(virtualMs);
      passive.wake(virtualMs);
    }
    move(active, passive);
    move(passive, active);
  }

  DtlsAssociation active;
  DtlsAssociation passive;
  size_t sent = 0;
  size_t longest = 0;

 private:
  bool settled() const {
    return active.state() != State::waiting && passive.state() != State::waiting;
  }

  size_t move(DtlsAssociation& from, DtlsAssociation& to) {
    size_t moved = 0;
    auto datagrams = from.takeGreetings();
    for (std::string& datagram : from.takeOutbox()) datagrams.push_back(std::move(datagram));
    for (const std::string& datagram : datagrams) {
      longest = std::max(longest, datagram.size());
      moved++;
      between();
      if (lost(sent++)) continue;
      // A copy of its very size: a read beyond it ends the program.
      const auto copy = std::make_unique<uint8_t[]>(datagram.size());
      std::copy(datagram.begin(), datagram.end(), copy.get());
      to.receive(copy.get(), datagram.size(), virtualMs);
    }
    return moved;
  }
};

bool secured(const Pair& pair) {
  const DtlsAssociation& active = pair.active;
  const DtlsAssociation& passive = pair.passive;
  return active.state() == State::secured && passive.state() == State::secured &&
         active.inbound().present() && active.inbound() == passive.outbound() &&
         active.outbound() == passive.inbound() && !(active.inbound() == active.outbound());
}

bool bare(const DtlsAssociation& one) {
  return one.state() == State::over && !one.inbound().present() && !one.outbound().present();
}

void testHandshake() {
  Pair pair;
  pair.run();
  check(secured(pair), "both have the same keys, one for each direction");
  check(pair.active.inbound().suite == SrtpSuite::aeadAes256Gcm, "the best profile");
  check(pair.longest <= DtlsAssociation::kDatagramMax, "no datagram is too long");
  check(pair.active.deadline() == DtlsAssociation::kNever, "nothing is left to do");
  check(ours().fingerprint().text().size() == 95 && !(ours().fingerprint() == theirs().fingerprint()),
        "each start has its own certificate");
}

void testProof() {
  DtlsPlan wrong = planOf(DtlsRole::active, ours());
  Pair impostor(wrong, planOf(DtlsRole::passive, ours()));
  impostor.run();
  check(bare(impostor.active) && impostor.active.why() == "dtls-fingerprint",
        "who serves with another certificate gets no keys");
  check(bare(impostor.passive) && impostor.passive.why().starts_with("dtls-alert-"),
        "and is told so");
  Pair stranger(planOf(DtlsRole::active, theirs()), planOf(DtlsRole::passive, theirs()));
  stranger.run();
  check(bare(stranger.passive) && stranger.passive.why() == "dtls-fingerprint",
        "and so for who asks");
  check(bare(stranger.active), "who asked is told so too");
  Pair nobody({DtlsRole::active, {}}, planOf(DtlsRole::passive, ours()));
  nobody.run();
  check(bare(nobody.active), "without a fingerprint nobody is right");
  for (const auto hash : {FingerprintHash::sha384, FingerprintHash::sha512}) {
    Pair longer({DtlsRole::active, {theirs().fingerprint(hash)}},
                planOf(DtlsRole::passive, ours()));
    longer.run();
    check(secured(longer), "SHA-384 and SHA-512");
  }
  // A right one of a weaker hash doesn't help against a wrong one of a stronger.
  Fingerprint stronger = theirs().fingerprint();
  stronger.hash = FingerprintHash::sha512;
  Pair mixed({DtlsRole::active, {theirs().fingerprint(), stronger}},
             planOf(DtlsRole::passive, ours()));
  mixed.run();
  check(bare(mixed.active) && mixed.active.why() == "dtls-fingerprint", "the strongest hash counts");
  Pair several({DtlsRole::active, {ours().fingerprint(), theirs().fingerprint()}},
               planOf(DtlsRole::passive, ours()));
  several.run();
  check(secured(several), "one of several is enough");
}

void testLosses(bool isChecked) {
  Pair whole(isChecked);
  whole.run();
  for (size_t lost = 0; lost < whole.sent; lost++) {
    Pair pair(isChecked);
    pair.lost = [lost](size_t n) { return n == lost; };
    pair.run();
    // The last flight may be lost unnoticed by who sent it: the other asks for it again.
    check(secured(pair), "one datagram is lost");
    Pair twice(isChecked);
    twice.lost = [lost](size_t n) { return n == lost || n == lost + 1; };
    twice.run();
    check(secured(twice), "two are lost");
  }
  std::mt19937 random(5);
  for (int i = 0; i < 30; i++) {
    Pair pair(isChecked);
    pair.lost = [&](size_t) { return random() % (isChecked ? 3 : 4) == 0; };
    pair.run();
    check(secured(pair), "every third is lost, or every fourth of more");
  }
}

void testSilence() {
  Pair pair;
  pair.lost = [](size_t) { return true; };
  const Ms before = virtualMs;
  pair.run();
  check(bare(pair.active) && pair.active.why() == "dtls-timeout", "nobody answers");
  check(virtualMs - before == DtlsAssociation::kHandshakeMs, "which is known after half a minute");
  check(pair.sent <= 16, "and nobody is flooded meanwhile (attack case E4)");
  check(pair.passive.state() == State::waiting, "who waits for the other has no hurry");
}

// Attack case E3: whoever spoke first under a forged address.
void testRace() {
  DtlsAssociation thief(ours(), planOf(DtlsRole::active, theirs()), true);
  thief.start(virtualMs);
  Pair pair;
  const auto forged = thief.takeOutbox();
  for (const std::string& datagram : forged) {
    pair.passive.receive(reinterpret_cast<const uint8_t*>(datagram.data()), datagram.size(),
                         virtualMs);
  }
  check(!pair.passive.takeOutbox().empty(), "a forged ClientHello is answered");
  virtualMs += 200;
  pair.run();
  check(secured(pair), "and the peer's own still begins anew");
}

void give(DtlsAssociation& to, const std::string& datagram) {
  to.receive(reinterpret_cast<const uint8_t*>(datagram.data()), datagram.size(), virtualMs);
}

// A record of DTLS 1.2 as anybody can write it.
std::string record(uint8_t type, uint8_t epoch, uint8_t number, const std::string& content) {
  std::string text{static_cast<char>(type), '\xfe', '\xfd', 0, static_cast<char>(epoch)};
  text += std::string(5, '\0') + static_cast<char>(number);
  text += std::string{0, static_cast<char>(content.size())};
  return text + content;
}

// Where nothing but an address tells the peer, and anybody can write that (attack case E3).
void testForged() {
  DtlsAssociation thief(ours(), planOf(DtlsRole::active, theirs()), true);
  thief.start(virtualMs);
  const std::string hello = thief.takeOutbox().at(0);
  std::string broken = hello;
  // Its cipher suites: none that anybody has.
  std::fill(broken.begin() + 65, broken.begin() + 75, '\0');
  const std::string alert = record(21, 0, 9, std::string("\x02\x28", 2));

  Pair early(false);
  for (const std::string& forged : {alert, broken, hello}) give(early.passive, forged);
  check(early.passive.state() == State::waiting, "no forged datagram ends what hasn't begun");
  check(early.passive.deadline() == DtlsAssociation::kNever, "nor does it begin anything");
  size_t answered = 0;
  for (const auto& datagram : early.passive.takeGreetings()) answered += datagram.size();
  check(answered > 0 && answered <= hello.size() + broken.size(), "nor is it answered with more");
  check(early.passive.takeOutbox().empty(), "than a cookie");
  early.run();
  check(secured(early), "and the peer's own handshake is none the slower");

  Pair busy(false);
  busy.between = [&] {
    virtualMs += 150;
    for (int i = 0; i < 5; i++) give(busy.passive, hello);
    give(busy.passive, broken);
  };
  busy.run();
  check(secured(busy), "no flood of forged ClientHellos stops a handshake under way");
}

// A peer that died in a handshake has another port, or the same: it begins anew with its cookie.
void testBegunAnew() {
  Pair pair(false);
  DtlsAssociation former(ours(), planOf(DtlsRole::active, theirs()), false);
  former.start(virtualMs);
  for (int way = 0; way < 2; way++) {
    for (const auto& datagram : former.takeOutbox()) give(pair.passive, datagram);
    for (const auto& datagram : pair.passive.takeGreetings()) give(former, datagram);
  }
  check(pair.passive.takeOutbox().size() > 0, "a handshake is under way");
  virtualMs += 200;
  pair.run();
  check(secured(pair), "and the peer begins anew");
}

// What comes too early OpenSSL keeps, in a buffer of 16 KiB each.
void testHoarding() {
  Pair pair;
  pair.active.start(virtualMs);
  for (const auto& datagram : pair.active.takeOutbox()) give(pair.passive, datagram);
  const size_t before = __sanitizer_get_current_allocated_bytes();
  for (uint8_t n = 0; n < 200; n++) {
    const std::string early = record(23, 1, n, "nothing");
    give(pair.passive, early);
    give(pair.passive, record(22, 0, n, "") + early);
  }
  const size_t kept = __sanitizer_get_current_allocated_bytes() - before;
  check(kept < 256 * 1024, "who sends what is for later isn't kept without end");
}

void testGoodbye() {
  Pair pair;
  pair.run();
  pair.active.close();
  for (const std::string& datagram : pair.active.takeOutbox()) {
    pair.passive.receive(reinterpret_cast<const uint8_t*>(datagram.data()), datagram.size(),
                         virtualMs);
  }
  check(bare(pair.passive) && pair.passive.why() == "dtls-closed", "a close_notify is told");
  check(bare(pair.active), "and nothing is left here");
}

// Datagrams of a true handshake, spoilt; and chance alone.
void testChance() {
  std::mt19937 random(11);
  for (int round = 0; round < 60; round++) {
    Pair pair;
    pair.active.start(virtualMs);
    DtlsAssociation* from = &pair.active;
    DtlsAssociation* to = &pair.passive;
    for (int flight = 0; flight < 6; flight++) {
      for (std::string datagram : from->takeOutbox()) {
        const auto spoilt = std::make_unique<uint8_t[]>(datagram.size());
        std::copy(datagram.begin(), datagram.end(), spoilt.get());
        for (uint32_t i = 0; i < random() % 3; i++) {
          spoilt[random() % datagram.size()] = static_cast<uint8_t>(random());
        }
        const size_t size = random() % 4 ? datagram.size() : random() % datagram.size();
        if (size > 0) to->receive(spoilt.get(), size, virtualMs);
        if (random() % 2) to->receive(reinterpret_cast<const uint8_t*>(datagram.data()),
                                      datagram.size(), virtualMs);
      }
      std::swap(from, to);
    }
    // Whatever came: keys only where the peer was proven, and never half of them.
    check(pair.passive.state() != State::secured || pair.passive.inbound().present(), "no half");
  }
  DtlsAssociation alone(ours(), planOf(DtlsRole::passive, theirs()), true);
  for (int i = 0; i < 20000; i++) {
    const size_t size = 1 + random() % 80;
    const auto bytes = std::make_unique<uint8_t[]>(size);
    for (size_t at = 0; at < size; at++) bytes[at] = static_cast<uint8_t>(random());
    bytes[0] = static_cast<uint8_t>(20 + random() % 5);
    if (size > 2) bytes[1] = 0xfe, bytes[2] = 0xfd;
    alone.receive(bytes.get(), size, virtualMs);
  }
  check(alone.state() != State::secured, "chance has no keys");
}

}  // namespace

int dtlsFailures() {
  testHandshake();
  testProof();
  testLosses(true);
  testLosses(false);
  testSilence();
  testRace();
  testForged();
  testBegunAnew();
  testHoarding();
  testGoodbye();
  testChance();
  return failures;
}
