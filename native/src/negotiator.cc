#include "negotiator.h"

#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "frame.h"

namespace media {

namespace {

// What can't be sent is lost, as it would be on the wire: who needs it asks again.
void sendTo(const End& end, const Address& to, const void* bytes, size_t size) {
  sendto(end.rtp.socket.fd(), bytes, size, MSG_DONTWAIT, to.raw(), to.size());
}

// Where a handshake goes; nullptr while nobody is known there.
const Address* reach(const End& end, Ms now) {
  if (end.ice) return end.ice->reach(now);
  return end.rtp.source.best().present() ? &end.rtp.source.best() : nullptr;
}

// Who may speak DTLS: a validated source; without ICE the agreed one, or who showed the key
// before (attack case E3).
bool mayShakeHands(const End& end, const Address& from, Ms now) {
  if (end.ice) return end.ice->validated(from, now);
  const Source& source = end.rtp.source;
  return source.agreed().present() && (from == source.agreed() || from == source.learnt());
}

}  // namespace

void Negotiator::agree(End& end, const EndPlan& plan, Ms now) {
  if (!plan.ice.present()) end.ice.reset();
  else if (!end.ice) end.ice = std::make_unique<IceAgent>();
  if (end.ice) end.ice->agree(plan.ice);

  if (end.dtls && !(end.dtls->plan() == plan.dtls)) drop(end, now);
  if (plan.dtls.present() && !end.dtls) {
    // Keys of before were another association's.
    end.secure.agree(SrtpMaster(), SrtpMaster(), now);
    end.dtls = std::make_unique<DtlsAssociation>(identity_, plan.dtls);
  }
  begin(end, now);
}

void Negotiator::part(Stream& stream, Ms now) {
  for (End& end : stream.ends) {
    if (end.dtls) drop(end, now);
  }
}

void Negotiator::take(End& end, Content content, const uint8_t* packet, size_t size,
                      const Address& from, Ms now) {
  if (content == Content::stun && end.ice) return takeStun(end, packet, size, from, now);
  if (content == Content::dtls && end.dtls) return takeDtls(end, packet, size, from, now);
  end.counters.drop(Drop::notRtp);
}

void Negotiator::takeStun(End& end, const uint8_t* packet, size_t size, const Address& from,
                          Ms now) {
  StunWriter answer;
  const IceAgent::Verdict verdict = end.ice->take(packet, size, from, now, answer);
  switch (verdict) {
    case IceAgent::Verdict::ignored:
      return;
    case IceAgent::Verdict::unauthentic:
      return end.counters.drop(Drop::unauthentic);
    case IceAgent::Verdict::replayed:
      return end.counters.drop(Drop::replayed);
    case IceAgent::Verdict::answered:
    case IceAgent::Verdict::nominated:
      break;
  }
  sendTo(end, from, answer.data(), answer.size());
  if (verdict == IceAgent::Verdict::nominated) {
    FrameWriter frame(events_, EventKind::latched);
    frame.u32(end.stream->slot);
    frame.u8(end.side);
    frame.text(from.host());
    frame.u16(from.port());
  }
  begin(end, now);
}

void Negotiator::takeDtls(End& end, const uint8_t* packet, size_t size, const Address& from,
                          Ms now) {
  if (!mayShakeHands(end, from, now)) return end.counters.drop(Drop::foreignSource);
  end.dtls->receive(packet, size, now);
  follow(end, now);
}

void Negotiator::begin(End& end, Ms now) {
  if (!end.dtls || !reach(end, now)) return;
  end.dtls->start(now);
  follow(end, now);
}

void Negotiator::wake(Ms now) {
  if (now < deadline_) return;
  deadline_ = DtlsAssociation::kNever;
  const std::vector<End*> due = watched_;
  for (End* end : due) {
    end->dtls->wake(now);
    follow(*end, now);
  }
}

void Negotiator::follow(End& end, Ms now) {
  flush(end, now);
  if (end.dtls->changed()) tell(end, now);
  const Ms due = end.dtls->deadline();
  watch(end, due != DtlsAssociation::kNever);
  deadline_ = std::min(deadline_, due);
}

void Negotiator::tell(End& end, Ms now) {
  const DtlsAssociation& dtls = *end.dtls;
  const bool secured = dtls.state() == DtlsAssociation::State::secured;
  const bool before = end.secure.opens();
  // Nobody gets so far who isn't there.
  if (secured) end.confirmed = true;
  // When it is over these are none, and nothing passes any more.
  end.secure.agree(dtls.inbound(), dtls.outbound(), now);
  FrameWriter frame(events_, secured  ? EventKind::secured
                             : before ? EventKind::unsecured
                                      : EventKind::failed);
  frame.u32(end.stream->slot);
  frame.u8(end.side);
  if (secured) frame.u8(static_cast<uint8_t>(dtls.inbound().suite));
  else frame.text(dtls.why());
}

void Negotiator::flush(End& end, Ms now) {
  const auto datagrams = end.dtls->takeOutbox();
  const Address* to = reach(end, now);
  if (!to) return;
  for (const std::string& datagram : datagrams) {
    // Who forges the described address doesn't make us flood it (attack case E4).
    if (!end.takesAnother()) return;
    sendTo(end, *to, datagram.data(), datagram.size());
  }
}

void Negotiator::drop(End& end, Ms now) {
  end.dtls->close();
  flush(end, now);
  watch(end, false);
  end.dtls.reset();
}

void Negotiator::watch(End& end, bool watched) {
  if (end.watched == watched) return;
  end.watched = watched;
  if (watched) watched_.push_back(&end);
  else std::erase(watched_, &end);
}

}  // namespace media
