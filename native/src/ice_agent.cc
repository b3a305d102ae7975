#include "ice_agent.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace media {

namespace {

// "ours:theirs" (RFC 8445 §7.2.2).
bool names(std::string_view username, const IceCredentials& credentials) {
  const std::string_view ours = credentials.ufrag;
  if (!credentials.present() || username.size() <= ours.size()) return false;
  if (!username.starts_with(ours) || username[ours.size()] != ':') return false;
  // A check may be faster than the answer that tells the peer's name (RFC 8445 §7.3).
  return credentials.remoteUfrag.empty() ||
         username.substr(ours.size() + 1) == credentials.remoteUfrag;
}

// Chance of 64 bits: no two of one peer are alike.
uint64_t shortened(const StunTransaction& transaction) {
  uint64_t number = 0;
  std::memcpy(&number, transaction.data(), sizeof number);
  return number;
}

}  // namespace

void IceAgent::agree(const IceCredentials& credentials) {
  const bool sameOurs =
      credentials.ufrag == current_.ufrag && credentials.password == current_.password;
  if (!current_.present() || (sameOurs && current_.remoteUfrag.empty())) current_ = credentials;
  next_ = credentials == current_ ? IceCredentials() : credentials;
}

IceAgent::Verdict IceAgent::take(const uint8_t* packet, size_t size, const Address& from, Ms now,
                                 StunWriter& answer) {
  StunMessage message;
  if (!readStun(packet, size, message)) return Verdict::unauthentic;
  if (message.kind != StunClass::request) {
    return validated(from, now) ? Verdict::ignored : Verdict::unauthentic;
  }
  const IceCredentials* credentials = addressed(message);
  if (!credentials || !isAuthentic(packet, message, credentials->password)) {
    return Verdict::unauthentic;
  }
  if (isReplay(message.transaction, from, now)) return Verdict::replayed;

  const std::string password = credentials->password;
  Verdict verdict = Verdict::answered;
  if (message.unknowns > 0) {
    answer.begin(StunClass::error, message.transaction);
    answer.error(420, "Unknown Attribute");
    answer.unknown(message);
  } else if (message.controlled) {
    // A lite agent never leads: the other one has to (RFC 8445 §6.1.1, §7.3.1.1).
    answer.begin(StunClass::error, message.transaction);
    answer.error(487, "Role Conflict");
  } else {
    validate(from, now);
    if (message.useCandidate && nominate(from, *credentials)) verdict = Verdict::nominated;
    answer.begin(StunClass::success, message.transaction);
    answer.mapped(from);
  }
  answer.integrity(password);
  answer.fingerprint();
  return verdict;
}

bool IceAgent::validated(const Address& from, Ms now) const { return find(from, now) != nullptr; }

const Address* IceAgent::target(Ms now) const {
  return nominated_.present() && find(nominated_, now) ? &nominated_ : nullptr;
}

const Address* IceAgent::reach(Ms now) const {
  if (const Address* nominated = target(now)) return nominated;
  const auto later = [](const Validated& one, const Validated& other) { return one.order() < other.order(); };
  const Validated& latest = *std::max_element(sources_.begin(), sources_.end(), later);
  return find(latest.from, now) ? &latest.from : nullptr;
}

const IceCredentials* IceAgent::addressed(const StunMessage& message) const {
  // The new ones first: the two differ in the peer's name alone when only the peer began anew.
  if (names(message.username, next_)) return &next_;
  return names(message.username, current_) ? &current_ : nullptr;
}

bool IceAgent::isReplay(const StunTransaction& transaction, const Address& from, Ms now) {
  for (const Seen& seen : seen_) {
    if (seen.from.present() && seen.transaction == transaction) return seen.from != from;
  }
  if (wasHeard(transaction, from, now)) return true;
  seen_[seenNext_] = {transaction, from};
  seenNext_ = (seenNext_ + 1) % seen_.size();
  if (heard_.size() < kHeardMax) heard_.push_back(shortened(transaction));
  return false;
}

bool IceAgent::wasHeard(const StunTransaction& transaction, const Address& from, Ms now) const {
  // Where media goes already nothing moves.
  if (nominated_.present() && from == nominated_) return false;
  if (std::find(heard_.begin(), heard_.end(), shortened(transaction)) != heard_.end()) return true;
  // What can't be remembered can't be told from a copy: whoever is elsewhere has to begin anew.
  return heard_.size() >= kHeardMax && !next_.present() && !validated(from, now);
}

void IceAgent::validate(const Address& from, Ms now) {
  // Its own place, else the one that matters least; never the nominated one's.
  const auto worth = [&](const Validated& source) {
    const bool kept = source.from.present() && source.from == nominated_;
    return kept ? std::numeric_limits<Ms>::max() : source.order();
  };
  const auto own = [&](const Validated& source) { return source.from == from; };
  auto place = std::find_if(sources_.begin(), sources_.end(), own);
  if (place == sources_.end()) {
    place = std::min_element(sources_.begin(), sources_.end(), [&](const auto& one, const auto& other) {
      return worth(one) < worth(other);
    });
  }
  *place = {from, now};
}

bool IceAgent::nominate(const Address& from, const IceCredentials& under) {
  if (&under == &next_) {
    current_ = next_;
    next_ = IceCredentials();
    heard_.clear();
    for (const Seen& seen : seen_) heard_.push_back(shortened(seen.transaction));
    for (Validated& source : sources_) {
      if (source.from != from) source = Validated();
    }
  }
  const bool moved = !nominated_.present() || nominated_ != from;
  nominated_ = from;
  return moved;
}

const IceAgent::Validated* IceAgent::find(const Address& from, Ms now) const {
  for (const Validated& source : sources_) {
    if (!source.from.present() || source.from != from) continue;
    return now - source.at < kConsentMs ? &source : nullptr;
  }
  return nullptr;
}

}  // namespace media
