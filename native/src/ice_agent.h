#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "address.h"
#include "source.h"
#include "stun.h"

namespace media {

// What the two descriptions say of ICE (RFC 8839 §5.4). The peer's password is none of our
// business: a lite agent asks nothing.
struct IceCredentials {
  std::string ufrag;
  std::string password;
  // Empty while the peer's description isn't known.
  std::string remoteUfrag;

  bool present() const { return !ufrag.empty(); }
  bool operator==(const IceCredentials&) const = default;
  // As long as RFC 8445 §5.3 wants them: what is shorter could be guessed.
  bool sound() const { return ufrag.size() >= 4 && password.size() >= 22; }
};

// ICE lite for one component (RFC 8445 §2.5): the peer checks and chooses, we answer. A function
// of packets and time: it has no socket and no clock.
class IceAgent {
 public:
  // Consent that isn't renewed ends (RFC 7675 §5.1).
  static constexpr Ms kConsentMs = 30000;

  enum class Verdict : uint8_t {
    ignored,      // a keep-alive, or an answer to what we never asked
    unauthentic,  // nobody showed a password: not answered
    replayed,     // a check of before, from somewhere else: not answered
    answered,     // `answer` is to be sent to where the check came from
    nominated,    // likewise, and the target is another one from now on
  };

  // New credentials (a restart, RFC 8445 §9) are good at once; the former ones until the peer
  // nominates under the new ones.
  void agree(const IceCredentials& credentials);

  Verdict take(const uint8_t* packet, size_t size, const Address& from, Ms now, StunWriter& answer);

  // Whether somebody who knows the password is there: a valid check came from this very address
  // lately.
  bool validated(const Address& from, Ms now) const;
  // The nominated address, while its consent holds; else nullptr.
  const Address* target(Ms now) const;
  // Where a handshake may go before any pair is nominated: the validated address heard last.
  const Address* reach(Ms now) const;

 private:
  static constexpr size_t kSourcesMax = 8;
  static constexpr size_t kTransactionsMax = 32;
  // As many checks as a peer makes in half a day: 64 KiB at the most.
  static constexpr size_t kHeardMax = 8192;

  // An address that showed the password.
  struct Validated {
    Address from;
    Ms at = 0;

    // Later ones are higher, and nobody is lowest.
    Ms order() const { return from.present() ? at + 1 : 0; }
  };
  struct Seen {
    StunTransaction transaction{};
    Address from;
  };

  // Whose the check is, by its USERNAME; nullptr when nobody's.
  const IceCredentials* addressed(const StunMessage& message) const;
  // The source is not protected by the check: a copy of it must not move anything, however old.
  bool isReplay(const StunTransaction& transaction, const Address& from, Ms now);
  bool wasHeard(const StunTransaction& transaction, const Address& from, Ms now) const;
  void validate(const Address& from, Ms now);
  bool nominate(const Address& from, const IceCredentials& under);
  const Validated* find(const Address& from, Ms now) const;

  IceCredentials current_;
  IceCredentials next_;
  std::array<Validated, kSourcesMax> sources_{};
  std::array<Seen, kTransactionsMax> seen_{};
  size_t seenNext_ = 0;
  // Each transaction under the credentials in use, by its first bytes.
  std::vector<uint64_t> heard_;
  Address nominated_;
};

}  // namespace media
