#include "negotiator.h"

#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "frame.h"

namespace media {

namespace {

// What can't be sent is lost, as it would be on the wire: who needs it asks again.
void sendTo(const Port& port, const Address& to, const void* bytes, size_t size) {
  sendto(port.socket.fd(), bytes, size, MSG_DONTWAIT, to.raw(), to.size());
}

// Where a handshake goes; nullptr while nobody is known there.
const Address* reach(const Port& port, Ms now) {
  if (port.end->ice) return port.end->ice->reach(now);
  return port.source.best().present() ? &port.source.best() : nullptr;
}

// Who may speak DTLS: a validated source; without ICE the agreed one, or who showed the key
// before (attack case E3).
bool mayShakeHands(const Port& port, const Address& from, Ms now) {
  if (port.end->ice) return port.end->ice->validated(from, now);
  const Source& source = port.source;
  return source.agreed().present() && (from == source.agreed() || from == source.learnt());
}

SecureEnd& keysOf(Port& port) { return port.rtcp ? port.end->rtcpSecure : port.end->secure; }

}  // namespace

void Negotiator::agree(End& end, const EndPlan& plan, Ms now) {
  if (!plan.ice.present()) end.ice.reset();
  else if (!end.ice) end.ice = std::make_unique<IceAgent>();
  if (end.ice) end.ice->agree(plan.ice);
  agree(end.rtp, plan.dtls, now);
  agree(end.rtcp, plan.mux() ? DtlsPlan() : plan.dtls, now);
}

void Negotiator::agree(Port& port, const DtlsPlan& plan, Ms now) {
  if (port.dtls && !(port.dtls->plan() == plan)) drop(port, now);
  if (plan.present() && !port.dtls) {
    // Keys of before were another association's.
    keysOf(port).agree(SrtpMaster(), SrtpMaster(), now);
    port.dtls = std::make_unique<DtlsAssociation>(identity_, plan, port.end->ice != nullptr);
  }
  begin(port, now);
}

void Negotiator::part(Stream& stream, Ms now) {
  for (End& end : stream.ends) part(end, now);
}

void Negotiator::part(End& end, Ms now) {
  for (Port* port : {&end.rtp, &end.rtcp}) {
    if (port->dtls) drop(*port, now);
  }
}

void Negotiator::moved(Port& from, Port& to) {
  to.watched = std::exchange(from.watched, false);
  std::replace(watched_.begin(), watched_.end(), &from, &to);
}

void Negotiator::take(Port& port, Content content, const uint8_t* packet, size_t size,
                      const Address& from, Ms now) {
  if (content == Content::stun && port.end->ice) return takeStun(*port.end, packet, size, from, now);
  if (content == Content::dtls && port.dtls) return takeDtls(port, packet, size, from, now);
  port.end->counters.drop(Drop::notRtp);
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
  sendTo(end.rtp, from, answer.data(), answer.size());
  if (verdict == IceAgent::Verdict::nominated && end.tellsMove(now)) {
    FrameWriter frame(events_, EventKind::latched);
    frame.u32(end.stream->slot);
    frame.u8(end.side);
    frame.text(from.host());
    frame.u16(from.port());
  }
  begin(end.rtp, now);
}

void Negotiator::takeDtls(Port& port, const uint8_t* packet, size_t size, const Address& from,
                          Ms now) {
  if (!mayShakeHands(port, from, now)) return port.end->counters.drop(Drop::foreignSource);
  port.dtls->receive(packet, size, now);
  follow(port, now);
}

void Negotiator::begin(Port& port, Ms now) {
  if (!port.dtls || !reach(port, now)) return;
  port.dtls->start(now);
  follow(port, now);
}

void Negotiator::wake(Ms now) {
  if (now < deadline_) return;
  deadline_ = DtlsAssociation::kNever;
  const std::vector<Port*> due = watched_;
  for (Port* port : due) {
    port->dtls->wake(now);
    follow(*port, now);
  }
}

void Negotiator::follow(Port& port, Ms now) {
  flush(port, now);
  if (port.dtls->changed()) tell(port, now);
  const Ms due = port.dtls->deadline();
  watch(port, due != DtlsAssociation::kNever);
  deadline_ = std::min(deadline_, due);
}

void Negotiator::tell(Port& port, Ms now) {
  End& end = *port.end;
  const DtlsAssociation& dtls = *port.dtls;
  const bool secured = dtls.state() == DtlsAssociation::State::secured;
  const bool before = keysOf(port).opens();
  // Nobody gets so far who isn't there.
  if (secured) end.confirmed = true;
  // When it is over these are none, and nothing passes any more.
  keysOf(port).agree(dtls.inbound(), dtls.outbound(), now);
  // A call goes on without RTCP, which many peers never send.
  if (port.rtcp) return;
  FrameWriter frame(events_, secured  ? EventKind::secured
                             : before ? EventKind::unsecured
                                      : EventKind::failed);
  frame.u32(end.stream->slot);
  frame.u8(end.side);
  if (secured) frame.u8(static_cast<uint8_t>(dtls.inbound().suite));
  else frame.text(dtls.why());
}

void Negotiator::flush(Port& port, Ms now) {
  const auto datagrams = port.dtls->takeOutbox();
  const auto greetings = port.dtls->takeGreetings();
  const Address* to = reach(port, now);
  if (!to) return;
  // Not counted: each is less than what was sent in the name of who gets it, and else a flood of
  // those would leave nothing for the handshake.
  for (const std::string& one : greetings) sendTo(port, *to, one.data(), one.size());
  for (const std::string& datagram : datagrams) {
    // Who forges the described address doesn't make us flood it (attack case E4).
    if (!port.end->takesAnother()) return;
    sendTo(port, *to, datagram.data(), datagram.size());
  }
}

void Negotiator::drop(Port& port, Ms now) {
  port.dtls->close();
  flush(port, now);
  watch(port, false);
  port.dtls.reset();
}

void Negotiator::watch(Port& port, bool watched) {
  if (port.watched == watched) return;
  port.watched = watched;
  if (watched) watched_.push_back(&port);
  else std::erase(watched_, &port);
}

}  // namespace media
