#include "secure_end.h"

#include <utility>

namespace media {

namespace {

SrtpReceiver::Verdict openWith(SrtpReceiver& receiver, uint8_t* packet, size_t& size, bool rtcp) {
  return rtcp ? receiver.openRtcp(packet, size) : receiver.openRtp(packet, size);
}

}  // namespace

void SecureEnd::agree(const SrtpMaster& inbound, const SrtpMaster& outbound, Ms now) {
  agreeInbound(inbound, now);
  if (sender_ && sender_->master() == outbound) return;
  formerSenders_.put(std::move(sender_));
  if (!outbound.present()) return;
  sender_ = formerSenders_.take(outbound);
  if (!sender_) sender_ = std::make_unique<SrtpSender>(outbound);
}

void SecureEnd::agreeInbound(const SrtpMaster& inbound, Ms now) {
  if (receiver_ && receiver_->master() == inbound) return;
  formerReceivers_.put(std::move(former_));
  if (!inbound.present()) {
    formerReceivers_.put(std::move(receiver_));
    return;
  }
  auto next = formerReceivers_.take(inbound);
  if (!next) {
    next = std::make_unique<SrtpReceiver>(inbound);
    if (receiver_) next->follow(*receiver_);
  }
  former_ = std::move(receiver_);
  formerEnds_ = now + kFormerMs;
  receiver_ = std::move(next);
}

bool SecureEnd::follow(const SecureEnd& former) {
  if (!receiver_ || !former.receiver_ || !(receiver_->master() == former.receiver_->master())) return false;
  // One that is back knows more.
  if (!receiver_->begun()) receiver_->follow(*former.receiver_);
  return true;
}

SrtpReceiver::Verdict SecureEnd::open(uint8_t* packet, size_t& size, bool rtcp, Ms now) {
  if (former_ && now >= formerEnds_) formerReceivers_.put(std::move(former_));
  const auto verdict = openWith(*receiver_, packet, size, rtcp);
  if (verdict != SrtpReceiver::Verdict::unauthentic || !former_) return verdict;
  return openWith(*former_, packet, size, rtcp);
}

size_t SecureEnd::seal(uint8_t* packet, size_t size, bool rtcp) {
  return rtcp ? sender_->sealRtcp(packet, size) : sender_->sealRtp(packet, size);
}

}  // namespace media
