#include "source.h"

namespace media {

void Source::agree(const Address& agreed, bool learns) {
  const bool changed = agreed.present() && agreed != agreed_;
  if (changed) agreed_ = agreed;
  if (!changed && learns == learns_) return;
  learns_ = learns;
  // Packets of the old source are still on their way: they pass, but mustn't win the learning.
  if (learnt_.present()) former_ = learnt_;
  if (!learns) former_ = Address();
  forget();
}

void Source::forget() {
  learnt_ = Address();
  learningEnds_ = 0;
  rank_ = Rank::none;
}

Source::Verdict Source::judge(const Address& from, Ms now) {
  if (!agreed_.present()) return Verdict::disagreed;
  if (!learns_) return from == agreed_ ? Verdict::accepted : Verdict::foreign;
  if (learnt_.present()) {
    if (from == learnt_) return Verdict::accepted;
    if (now >= learningEnds_ || rankOf(from) <= rank_) return Verdict::foreign;
  } else {
    if (learningEnds_ == 0) learningEnds_ = now + kLearningMs;
    if (rankOf(from) == Rank::former && now < learningEnds_) return Verdict::accepted;
  }
  learnt_ = from;
  rank_ = rankOf(from);
  return Verdict::learnt;
}

bool Source::refuses(const Address& from, Ms now) const {
  if (!agreed_.present()) return true;
  if (!learns_) return from != agreed_;
  return learnt_.present() && from != learnt_ && (now >= learningEnds_ || rankOf(from) <= rank_);
}

const Address* Source::settled(Ms now) const {
  if (!agreed_.present()) return nullptr;
  if (!learns_) return &agreed_;
  return learnt_.present() && now >= learningEnds_ ? &learnt_ : nullptr;
}

Source::Rank Source::rankOf(const Address& from) const {
  if (from == agreed_) return Rank::asAgreed;
  if (former_.present() && from == former_) return Rank::former;
  return from.sameHost(agreed_) ? Rank::otherPort : Rank::elsewhere;
}

}  // namespace media
