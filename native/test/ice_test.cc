// The lite agent: who is answered, where media goes, and for how long.
#include "ice_test.h"

#include <cstdio>
#include <string>

#include "../src/ice_agent.h"

using namespace media;
using Verdict = IceAgent::Verdict;

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  if (!holds) std::printf("FAILED %s\n", what);
  failures += !holds;
}

const IceCredentials kFirst{"ours", "a password of twenty-two", "peer"};
const IceCredentials kSecond{"anew", "another one of twenty-two", "reep"};
const Address kHome = Address::parse("192.0.2.1", 5000);
const Address kMobile = Address::parse("198.51.100.2", 6000);
const Address kThief = Address::parse("203.0.113.9", 7000);

struct Check {
  bool nominates = false;
  bool controlled = false;
  bool strange = false;
  std::string username{};
  std::string password{};
};

// A peer's request with the next transaction, or the very one of before.
class Peer {
 public:
  explicit Peer(IceCredentials credentials) : credentials_(std::move(credentials)) {}

  const StunWriter& ask(const Check& wish) {
    const std::string ordinary = credentials_.ufrag + ":" + credentials_.remoteUfrag;
    StunTransaction transaction{};
    transaction[0] = static_cast<uint8_t>(++count);
    transaction[1] = static_cast<uint8_t>(count >> 8);
    writer_.begin(StunClass::request, transaction);
    writer_.text(StunAttribute::username, wish.username.empty() ? ordinary : wish.username);
    writer_.number(StunAttribute::priority, 1);
    writer_.longNumber(
        wish.controlled ? StunAttribute::iceControlled : StunAttribute::iceControlling, 5);
    if (wish.nominates) writer_.flag(StunAttribute::useCandidate);
    if (wish.strange) writer_.number(static_cast<StunAttribute>(0x7777), 1);
    writer_.integrity(wish.password.empty() ? credentials_.password : wish.password);
    writer_.fingerprint();
    return writer_;
  }

  static int count;

 private:
  const IceCredentials credentials_;
  StunWriter writer_;
};

int Peer::count = 0;

struct Answered {
  Verdict verdict;
  StunMessage message;
  bool authentic = false;
};

Answered take(IceAgent& agent, const StunWriter& asked, const Address& from, Ms now,
              const std::string& password = kFirst.password) {
  StunWriter answer;
  Answered result{agent.take(asked.data(), asked.size(), from, now, answer), {}, false};
  if (answer.size() == 0 || !readStun(answer.data(), answer.size(), result.message)) return result;
  result.authentic = isAuthentic(answer.data(), result.message, password);
  return result;
}

void testAnswers() {
  IceAgent agent;
  agent.agree(kFirst);
  Peer peer(kFirst);
  const Answered plain = take(agent, peer.ask({}), kHome, 0);
  check(plain.verdict == Verdict::answered && plain.authentic, "a check is answered");
  check(plain.message.mapped == kHome, "and told where it came from");
  check(agent.validated(kHome, 0) && !agent.target(0), "nobody is nominated yet");
  check(agent.reach(0) && *agent.reach(0) == kHome, "a handshake may go there");
  check(take(agent, peer.ask({.nominates = true}), kHome, 1).verdict == Verdict::nominated,
        "a nomination");
  check(agent.target(1) && *agent.target(1) == kHome, "is the target");
  check(take(agent, peer.ask({.nominates = true}), kHome, 2).verdict == Verdict::answered,
        "once more changes nothing");
  check(take(agent, peer.ask({.nominates = true}), kMobile, 3).verdict == Verdict::nominated &&
            *agent.target(3) == kMobile,
        "a later nomination moves the target");
  check(agent.validated(kHome, 3), "what is under way from the former one is still heard");
}

void testNoReflector() {
  IceAgent agent;
  agent.agree(kFirst);
  Peer peer(kFirst);
  const auto silent = [&](const Check& wish, const char* what) {
    const Answered result = take(agent, peer.ask(wish), kThief, 0);
    check(result.verdict == Verdict::unauthentic && !result.authentic, what);
  };
  silent({.password = "a password of twenty-tw0"}, "another password is not answered");
  silent({.username = "ours:else"}, "another peer is not answered");
  silent({.username = "ours"}, "half a name is not answered");
  silent({.username = "ourspeer:"}, "a longer name is not answered");
  StunWriter bare;
  bare.begin(StunClass::request, {});
  bare.fingerprint();
  check(take(agent, bare, kThief, 0).verdict == Verdict::unauthentic, "a bare request");
  for (const StunClass kind : {StunClass::indication, StunClass::success, StunClass::error}) {
    bare.begin(kind, {});
    check(take(agent, bare, kThief, 0).verdict == Verdict::unauthentic, "no answer is answered");
  }
  check(!agent.validated(kThief, 0) && !agent.reach(0), "nobody is known");
  check(!IceCredentials{"our", kFirst.password, ""}.sound() &&
            !IceCredentials{"ours", "short", ""}.sound() && kFirst.sound(),
        "credentials that could be guessed");
}

void testErrors() {
  IceAgent agent;
  agent.agree(kFirst);
  Peer peer(kFirst);
  const Answered conflict = take(agent, peer.ask({.nominates = true, .controlled = true}), kHome, 0);
  check(conflict.message.errorCode == 487 && conflict.authentic, "a role conflict is told");
  const Answered strange = take(agent, peer.ask({.nominates = true, .strange = true}), kHome, 0);
  check(strange.message.errorCode == 420 && strange.authentic, "an unknown attribute is told");
  check(!agent.validated(kHome, 0), "neither is a valid check");
}

void testReplay() {
  IceAgent agent;
  agent.agree(kFirst);
  Peer peer(kFirst);
  const StunWriter heard = peer.ask({.nominates = true});
  take(agent, heard, kHome, 0);
  check(take(agent, heard, kThief, 1).verdict == Verdict::replayed && *agent.target(1) == kHome &&
            !agent.validated(kThief, 1),
        "a check that was overheard moves nothing");
  check(take(agent, heard, kHome, 2).verdict == Verdict::answered, "a retransmission is answered");
}

// Who overhears has time: a peer checks every few seconds as long as it talks.
void testLateReplay() {
  IceAgent agent;
  agent.agree(kFirst);
  Peer peer(kFirst);
  Peer copied = peer;
  const StunWriter& heard = copied.ask({.nominates = true});
  take(agent, heard, kHome, 0);
  Ms now = 0;
  for (int i = 0; i < 1000; i++) take(agent, peer.ask({.nominates = true}), kHome, now += 2500);
  check(take(agent, heard, kThief, now).verdict == Verdict::replayed && *agent.target(now) == kHome,
        "a check that was overheard long ago moves nothing");
  take(agent, peer.ask({.nominates = true}), kMobile, now);
  check(take(agent, heard, kHome, now).verdict == Verdict::replayed &&
            *agent.target(now) == kMobile,
        "nor does it take the call back to where the peer was");
  for (int i = 0; i < 20000; i++) take(agent, peer.ask({.nominates = true}), kMobile, now += 2500);
  check(take(agent, peer.ask({}), kMobile, now).verdict == Verdict::answered,
        "who is there may go on for ever");
  check(take(agent, heard, kThief, now).verdict == Verdict::replayed && *agent.target(now) == kMobile,
        "when there have been more than can be remembered");
  agent.agree(kSecond);
  Peer anew(kSecond);
  check(take(agent, anew.ask({.nominates = true}), kHome, now, kSecond.password).verdict ==
            Verdict::nominated,
        "a restart may come from anywhere");
}

void testConsent() {
  IceAgent agent;
  agent.agree(kFirst);
  Peer peer(kFirst);
  take(agent, peer.ask({.nominates = true}), kHome, 1000);
  take(agent, peer.ask({}), kMobile, 20000);
  check(agent.target(30999) && !agent.target(31000), "consent lasts thirty seconds");
  check(agent.reach(31000) && *agent.reach(31000) == kMobile, "another address has its own");
  take(agent, peer.ask({}), kHome, 40000);
  check(agent.target(69999) && !agent.target(70000), "any valid check renews it");
}

void testRestart() {
  IceAgent agent;
  agent.agree(kFirst);
  Peer before(kFirst);
  Peer after(kSecond);
  take(agent, before.ask({.nominates = true}), kHome, 0);
  agent.agree(kSecond);
  check(agent.target(1) && *agent.target(1) == kHome, "a restart leaves the pair as it is");
  check(take(agent, before.ask({}), kHome, 2).verdict == Verdict::answered, "the old are good");
  const Answered fresh = take(agent, after.ask({}), kMobile, 3, kSecond.password);
  check(fresh.verdict == Verdict::answered && fresh.authentic, "and so are the new");
  check(*agent.target(4) == kHome, "until the new are nominated");
  take(agent, after.ask({.nominates = true}), kMobile, 5, kSecond.password);
  check(*agent.target(6) == kMobile && !agent.validated(kHome, 6), "which ends the old pair");
  check(take(agent, before.ask({}), kHome, 7).verdict == Verdict::unauthentic,
        "and the old credentials");
  agent.agree(kSecond);
  check(*agent.target(8) == kMobile, "the same credentials again change nothing");
}

void testEarly() {
  IceAgent agent;
  agent.agree({kFirst.ufrag, kFirst.password, ""});
  Peer peer(kFirst);
  Peer stranger({kFirst.ufrag, kFirst.password, "else"});
  check(take(agent, peer.ask({.nominates = true}), kHome, 0).verdict == Verdict::nominated,
        "a check may be faster than the answer");
  agent.agree(kFirst);
  check(agent.target(1) && *agent.target(1) == kHome, "which changes nothing");
  check(take(agent, stranger.ask({}), kHome, 2).verdict == Verdict::unauthentic,
        "but from now on the peer has a name");
}

void testBounded() {
  IceAgent agent;
  agent.agree(kFirst);
  Peer peer(kFirst);
  take(agent, peer.ask({.nominates = true}), kHome, 0);
  for (uint16_t port = 1; port <= 100; port++) {
    take(agent, peer.ask({}), kMobile.withPort(port), port);
  }
  check(agent.target(101) && *agent.target(101) == kHome, "the nominated one is never forgotten");
  check(agent.validated(kMobile.withPort(100), 101) && !agent.validated(kMobile.withPort(1), 101),
        "of the others the latest are kept");
}

}  // namespace

int iceFailures() {
  testAnswers();
  testNoReflector();
  testErrors();
  testReplay();
  testLateReplay();
  testConsent();
  testRestart();
  testEarly();
  testBounded();
  return failures;
}
