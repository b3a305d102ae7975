#pragma once

#include <cstdint>

#include "address.h"

namespace media {

using Ms = uint64_t;

// From where one port of ours accepts packets. Strict: the agreed address and port, and no
// other. Learning (symmetric RTP): the first packets decide, then it is strict too, until a new
// agreement opens it again (attack case E1).
class Source {
 public:
  enum class Verdict : uint8_t {
    accepted,
    learnt,      // accepted, and from now on this is the source
    foreign,     // somebody else's
    disagreed,   // nothing is agreed yet, so nobody is right
  };

  // How long after the first packet a better founded source may still take its place.
  static constexpr Ms kLearningMs = 5000;

  // What the peer's description says now; absent (a hold) leaves all as it was.
  void agree(const Address& agreed, bool learns);
  Verdict judge(const Address& from, Ms now);
  // Whether no packet from there would be taken, whatever is in it. Changes nothing.
  bool refuses(const Address& from, Ms now) const;
  void forget();
  // The one that will pass until a new agreement; nullptr while another might yet take its place.
  const Address* settled(Ms now) const;

  const Address& agreed() const { return agreed_; }
  const Address& learnt() const { return learnt_; }
  // Where packets really come from, as far as we know: the place to send to.
  const Address& best() const { return learnt_.present() ? learnt_ : agreed_; }

 private:
  // How well a source is founded. The former one still passes while a new one is awaited, and
  // is taken back when none has come.
  enum class Rank : uint8_t { none, former, elsewhere, otherPort, asAgreed };

  Rank rankOf(const Address& from) const;

  Address agreed_;
  Address learnt_;
  Address former_;
  Ms learningEnds_ = 0;
  Rank rank_ = Rank::none;
  bool learns_ = false;
};

}  // namespace media
