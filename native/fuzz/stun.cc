// A lite agent among strangers, and who knows its password and writes what it likes.
#include <algorithm>

#include "../src/stun.h"
#include "steps.h"
#include "stun_target.h"

using namespace media;
using namespace fuzz;
using namespace fuzz::stun;
using Verdict = IceAgent::Verdict;

namespace {

const Address kHome = Address::parse("192.0.2.1", 5000);
const Address kMobile = Address::parse("2001:db8::2", 6000);

// The step's attributes as one message, with the last two put behind.
StunWriter vouchedFor(const Step& step, const std::string& password) {
  StunTransaction transaction{};
  std::copy_n(step.packet.get(), std::min(step.size, transaction.size()), transaction.begin());
  StunWriter writer;
  writer.begin(static_cast<StunClass>(step.how >> kClassShift & 3), transaction);
  std::string_view left = step.text();
  while (left.size() >= 4) {
    const auto byte = [&](size_t at) { return static_cast<uint8_t>(left[at]); };
    const auto type = static_cast<StunAttribute>(byte(0) << 8 | byte(1));
    const std::string_view value = left.substr(4, static_cast<size_t>(byte(2) << 8 | byte(3)));
    left.remove_prefix(4 + value.size());
    writer.text(type, value);
  }
  writer.integrity(password);
  writer.fingerprint();
  return writer;
}

void readOne(const uint8_t* packet, size_t size) {
  StunMessage message;
  if (!readStun(packet, size, message)) return;
  require(message.unknowns <= StunMessage::kUnknownMax, "unknown attributes are bounded");
  require(message.integrityAt < size, "MESSAGE-INTEGRITY is in the packet");
  if (message.username.empty()) return;
  const auto* name = reinterpret_cast<const uint8_t*>(message.username.data());
  require(name >= packet && name + message.username.size() <= packet + size, "so is USERNAME");
}

bool knowsPassword(const uint8_t* packet, size_t size) {
  StunMessage message;
  return readStun(packet, size, message) && (isAuthentic(packet, message, kFirst.password) ||
                                             isAuthentic(packet, message, kSecond.password));
}

void takeOne(IceAgent& agent, const uint8_t* packet, size_t size, const Address& from, Ms now) {
  const Address* before = agent.target(now);
  const Address former = before ? *before : Address();
  const bool valid = agent.validated(from, now);
  StunWriter answer;
  const Verdict verdict = agent.take(packet, size, from, now, answer);
  const Address* target = agent.target(now);
  const bool answered = verdict == Verdict::answered || verdict == Verdict::nominated;
  if (verdict != Verdict::nominated) {
    // A consent that had ended holds again with the next check from there.
    const bool same = target ? *target == former || (!before && *target == from) : !before;
    require(same, "who isn't nominated gets no media");
  }
  if (!answered) return require(valid || !agent.validated(from, now), "validated without an answer");
  require(knowsPassword(packet, size), "an answer to a stranger");
  StunMessage asked;
  StunMessage said;
  readStun(packet, size, asked);
  require(readStun(answer.data(), answer.size(), said), "an answer that can be read");
  require(said.transaction == asked.transaction, "the answer of another question");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  IceAgent agent;
  agent.agree(kFirst);
  const std::string* password = &kFirst.password;
  Ms now = 0;
  Steps steps(data, size);
  for (Step step; steps.next(step);) {
    if (step.is(kLater)) now += 10000;
    if (step.is(kRestart)) {
      agent.agree(kSecond);
      password = &kSecond.password;
    }
    const Address& from = step.is(kElsewhere) ? kMobile : kHome;
    if (step.is(kVouched)) {
      const StunWriter writer = vouchedFor(step, *password);
      takeOne(agent, writer.data(), writer.size(), from, now);
    } else {
      readOne(step.packet.get(), step.size);
      takeOne(agent, step.packet.get(), step.size, from, now);
    }
  }
  return 0;
}
