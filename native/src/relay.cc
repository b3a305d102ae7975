#include "relay.h"

#include <netinet/in.h>

#include "frame.h"
#include "rtp.h"

namespace media {

namespace {

bool isRtcp(const Port& port, const uint8_t* packet, size_t size) {
  if (port.end->stream->opaque) return false;
  return port.rtcp || (port.end->mux() && size >= 2 && isRtcpType(packet[1]));
}

Source::Verdict judge(Port& port, const Address& from, Ms now) {
  const Address& voice = port.end->rtp.source.learnt();
  // Once media has shown where its sender is, RTCP comes from there too.
  if (port.rtcp && voice.present() && !from.sameHost(voice)) return Source::Verdict::foreign;
  return port.source.judge(from, now);
}

void book(End& end, bool rtcp, const uint8_t* packet, size_t size, Us arrival) {
  Counters& counters = end.counters;
  if (rtcp) {
    counters.rtcpIn++;
    readReports(packet, size, counters.roundTrip, end.other->counters.roundTrip, arrival);
    return;
  }
  end.count(packet, size, arrival);
}

// Sends what it can and returns how many; 0 when the first one failed. A voice stream has one
// packet at a time, which the plainer call sends for less.
unsigned sendSome(int fd, mmsghdr* messages, unsigned size) {
  if (size == 1) {
    const msghdr& only = messages->msg_hdr;
    const auto to = static_cast<const sockaddr*>(only.msg_name);
    const iovec& packet = *only.msg_iov;
    return sendto(fd, packet.iov_base, packet.iov_len, MSG_DONTWAIT, to, only.msg_namelen) >= 0;
  }
  const int count = sendmmsg(fd, messages, size, MSG_DONTWAIT);
  return count > 0 ? static_cast<unsigned>(count) : 0;
}

}  // namespace

Relay::Relay(std::string& events, Negotiator& negotiator)
    : events_(events), negotiator_(negotiator) {
  for (size_t i = 0; i < kBatch; i++) {
    vectors_[i] = {packets_[i].data(), kPacketBytes};
    msghdr& header = received_[i].msg_hdr;
    header.msg_iov = &vectors_[i];
    header.msg_iovlen = 1;
    header.msg_name = sources_[i].raw();
    header.msg_namelen = Address::sizeMax();
  }
}

void Relay::receive(Port& port, Ms now, Us arrival) {
  const int count = recvmmsg(port.socket.fd(), received_.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (count <= 0) return;
  arrival_ = arrival;
  departures_[0].size = departures_[1].size = 0;
  for (size_t i = 0; i < static_cast<size_t>(count); i++) take(i, port, now);
  send(departures_[0], *port.end, false);
  send(departures_[1], *port.end, true);
  for (int i = 0; i < count; i++) {
    received_[i].msg_hdr.msg_namelen = Address::sizeMax();
    vectors_[i].iov_len = kPacketBytes;
  }
}

void Relay::take(size_t i, Port& port, Ms now) {
  if (port.end->negotiates() && negotiate(i, port, now)) return;
  bool rtcp = false;
  size_t size = received_[i].msg_len;
  // Learning comes last: who can't show the key doesn't become the source (attack case E1).
  if (!read(i, port, now, rtcp, size) || !admit(i, port, now)) return;
  End& end = *port.end;
  end.stream->lastPacket = now;
  end.stream->silent = false;
  if (!end.confirmed) end.confirmed = sources_[i].sameHost(end.rtp.source.best());
  book(end, rtcp, packets_[i].data(), size, arrival_);
  pass(i, port, now, rtcp, size);
}

bool Relay::negotiate(size_t i, Port& port, Ms now) {
  if (received_[i].msg_hdr.msg_flags & MSG_TRUNC) return false;
  const uint8_t* packet = packets_[i].data();
  const size_t size = received_[i].msg_len;
  const Content content = contentOf(packet, size);
  if (content != Content::stun && content != Content::dtls) return false;
  negotiator_.take(port, content, packet, size, sources_[i], now);
  return true;
}

bool Relay::read(size_t i, Port& port, Ms now, bool& rtcp, size_t& size) {
  End& end = *port.end;
  uint8_t* packet = packets_[i].data();
  const auto drop = [&end](Drop why) {
    end.counters.drop(why);
    return false;
  };
  if (received_[i].msg_hdr.msg_flags & MSG_TRUNC) return drop(Drop::tooLong);
  rtcp = isRtcp(port, packet, size);
  if (end.awaitsKeys(rtcp)) return drop(Drop::noKeys);
  if (end.secureFor(rtcp).opens() && !open(i, port, now, rtcp, size)) return false;
  if (end.stream->opaque) return true;
  if (rtcp) return validRtcp(packet, size) || drop(Drop::badRtcp);
  return validRtp(packet, size) || drop(Drop::notRtp);
}

bool Relay::open(size_t i, Port& port, Ms now, bool rtcp, size_t& size) {
  End& end = *port.end;
  uint8_t* packet = packets_[i].data();
  const auto drop = [&end](Drop why) {
    end.counters.drop(why);
    return false;
  };
  // Whom nothing would make the source needn't cost arithmetic.
  if (!rtcp && rtpHeaderSize(packet, size) == 0) return drop(Drop::notRtp);
  if (end.ice) {
    if (!end.ice->validated(sources_[i], now)) return drop(Drop::foreignSource);
  } else {
    if (!port.source.agreed().present()) return drop(Drop::notAgreed);
    if (port.source.refuses(sources_[i], now)) return drop(Drop::foreignSource);
  }
  switch (end.secureFor(rtcp).open(packet, size, rtcp, now)) {
    case SrtpReceiver::Verdict::unauthentic:
      return drop(Drop::unauthentic);
    case SrtpReceiver::Verdict::replayed:
      return drop(Drop::replayed);
    case SrtpReceiver::Verdict::opened:
      break;
  }
  return true;
}

bool Relay::admit(size_t i, Port& port, Ms now) {
  if (port.end->ice) {
    const bool valid = port.end->ice->validated(sources_[i], now);
    if (!valid) port.end->counters.drop(Drop::foreignSource);
    return valid;
  }
  switch (judge(port, sources_[i], now)) {
    case Source::Verdict::foreign:
      port.end->counters.drop(Drop::foreignSource);
      return false;
    case Source::Verdict::disagreed:
      port.end->counters.drop(Drop::notAgreed);
      return false;
    case Source::Verdict::learnt:
      learnt(port);
      return true;
    case Source::Verdict::accepted:
      return true;
  }
  return false;
}

void Relay::pass(size_t i, Port& port, Ms now, bool rtcp, size_t size) {
  End& end = *port.end;
  End& other = *end.other;
  const Address* target = other.target(rtcp, now);
  if (!target) return end.counters.drop(Drop::noTarget);
  if (other.awaitsKeys(rtcp)) return end.counters.drop(Drop::noKeys);
  if (!other.takesAnother()) return end.counters.drop(Drop::unconfirmed);
  if (SecureEnd& secure = other.secureFor(rtcp); secure.seals()) {
    size = secure.seal(packets_[i].data(), size, rtcp);
    if (size == 0) return end.counters.drop(Drop::replayed);
  }
  vectors_[i].iov_len = size;
  Departure& departure = departures_[rtcp];
  mmsghdr& message = departure.messages[departure.size++];
  message.msg_hdr = {};
  message.msg_hdr.msg_iov = &vectors_[i];
  message.msg_hdr.msg_iovlen = 1;
  message.msg_hdr.msg_name = const_cast<sockaddr*>(target->raw());
  message.msg_hdr.msg_namelen = target->size();
}

void Relay::learnt(Port& port) {
  End& end = *port.end;
  const Address& source = port.source.learnt();
  if (port.rtcp) return;
  // RTCP that was learnt from somewhere else was somebody else's.
  if (!source.sameHost(end.rtcp.source.learnt())) end.rtcp.source.forget();
  if (source == port.source.agreed()) return;
  FrameWriter frame(events_, EventKind::latched);
  frame.u32(end.stream->slot);
  frame.u8(end.side);
  frame.text(source.host());
  frame.u16(source.port());
}

void Relay::send(Departure& departure, End& from, bool rtcp) {
  if (departure.size == 0) return;
  const int fd = from.other->portFor(rtcp).socket.fd();
  unsigned done = 0;
  unsigned sent = 0;
  while (done < departure.size) {
    const unsigned some = sendSome(fd, &departure.messages[done], departure.size - done);
    // One that can't be sent is lost, as it would be on the wire, and the rest goes on.
    if (some == 0) from.counters.drop(Drop::sendFailed);
    sent += some;
    done += some > 0 ? some : 1;
  }
  if (!rtcp) from.other->counters.packetsOut += sent;
}

}  // namespace media
