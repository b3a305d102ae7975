#include "relay.h"

#include <netinet/in.h>

#include <algorithm>
#include <bit>

#include "frame.h"
#include "rtp.h"

namespace media {

namespace {

bool isRtcp(const Port& port, const uint8_t* packet, size_t size) {
  if (port.end->stream->opaque) return false;
  return port.rtcp || (port.end->mux() && size >= 2 && isRtcpType(packet[1]));
}

Source::Verdict judgeSource(Port& port, const Address& from, Ms now) {
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

// A port that was read so lately has several packets at once, as video has; voice has the next one
// in 20 ms.
constexpr Us kBurstUs = 2000;

// Sends what it can and returns how many; 0 when the first one failed.
unsigned sendSome(int fd, mmsghdr* messages, unsigned size) {
  const int count = sendmmsg(fd, messages, size, MSG_DONTWAIT);
  return count > 0 ? static_cast<unsigned>(count) : 0;
}

}  // namespace

Relay::Relay(std::string& events, Negotiator& negotiator)
    : events_(events), negotiator_(negotiator) {
  for (size_t i = 0; i < kBatch; i++) {
    vectors_[i] = {packets_[i].data() + kExtensionGrowth, kPacketBytes};
    msghdr& header = received_[i].msg_hdr;
    header.msg_iov = &vectors_[i];
    header.msg_iovlen = 1;
    header.msg_name = sources_[i].raw();
    header.msg_namelen = Address::sizeMax();
  }
}

void Relay::receive(Port& port, Ms now, Us arrival, bool all) {
  const bool burst = arrival - port.readAt < kBurstUs;
  port.readAt = arrival;
  if (all || burst) receiveMany(port, now, arrival);
  else receiveOne(port, now, arrival);
}

void Relay::receiveOne(Port& port, Ms now, Us arrival) {
  Address& from = sources_[0];
  socklen_t fromSize = Address::sizeMax();
  const ssize_t length = recvfrom(port.socket.fd(), packets_[0].data() + kExtensionGrowth,
                                  kPacketBytes, MSG_DONTWAIT | MSG_TRUNC, from.raw(), &fromSize);
  if (length < 0) return;
  const auto size = static_cast<size_t>(length);
  Packet packet{packets_[0].data() + kExtensionGrowth, std::min(size, kPacketBytes), from,
                size > kPacketBytes};
  if (judge(packet, port, now, arrival)) sendOne(packet);
}

void Relay::sendOne(const Packet& packet) {
  End& to = *packet.end->other;
  const Address& target = *packet.target;
  const int fd = to.carrier->portFor(packet.rtcp).socket.fd();
  if (sendto(fd, packet.at, packet.size, MSG_DONTWAIT, target.raw(), target.size()) < 0) {
    packet.end->counters.drop(Drop::sendFailed);
  } else if (!packet.rtcp) {
    to.counters.packetsOut++;
  }
}

void Relay::receiveMany(Port& port, Ms now, Us arrival) {
  const int count = recvmmsg(port.socket.fd(), received_.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (count <= 0) return;
  departures_[0].size = departures_[1].size = 0;
  for (size_t i = 0; i < static_cast<size_t>(count); i++) {
    const bool cut = received_[i].msg_hdr.msg_flags & MSG_TRUNC;
    Packet packet{packets_[i].data() + kExtensionGrowth, received_[i].msg_len, sources_[i], cut};
    if (judge(packet, port, now, arrival)) depart(i, packet);
  }
  send(departures_[0], false);
  send(departures_[1], true);
  for (int i = 0; i < count; i++) {
    received_[i].msg_hdr.msg_namelen = Address::sizeMax();
    vectors_[i] = {packets_[i].data() + kExtensionGrowth, kPacketBytes};
  }
}

bool Relay::judge(Packet& packet, Port& port, Ms now, Us arrival) {
  if (port.end->negotiates() && negotiate(packet, port, now)) return false;
  // Learning comes last: who can't show the key doesn't become the source (attack case E1).
  if (!read(packet, port, now) || !admit(packet, port, now)) return false;
  End& end = *port.end;
  if (!end.confirmed) end.confirmed = packet.from.sameHost(end.rtp.source.best());
  return end.bundle ? goOnBundled(packet, end, now, arrival) : goOn(packet, end, now, arrival);
}

bool Relay::goOn(Packet& packet, End& end, Ms now, Us arrival) {
  packet.end = &end;
  end.stream->lastPacket = now;
  end.stream->silent = false;
  book(end, packet.rtcp, packet.at, packet.size, arrival);
  return pass(packet, now);
}

bool Relay::goOnBundled(Packet& packet, End& carrier, Ms now, Us arrival) {
  Bundle& bundle = *carrier.bundle;
  End* end = nullptr;
  if (!packet.rtcp) {
    end = bundle.receiverOf(packet.at, packet.size);
  } else {
    const Bundle::Lines lines = bundle.receiversOf(packet.at, packet.size);
    if (std::has_single_bit(lines)) end = bundle.line(static_cast<size_t>(std::countr_zero(lines)));
    else if (lines != 0) divide(packet, bundle, lines, now, arrival);
    if (lines != 0 && !end) return false;
  }
  if (end) return goOn(packet, *end, now, arrival);
  carrier.counters.drop(Drop::noLine);
  return false;
}

void Relay::divide(const Packet& packet, Bundle& bundle, Bundle::Lines lines, Ms now, Us arrival) {
  for (size_t number = 0; number < Bundle::kLinesMax; number++) {
    if (!(lines >> number & 1)) continue;
    Packet part{spare_.data() + kExtensionGrowth, 0, packet.from};
    part.rtcp = true;
    part.size = bundle.partFor(number, packet.at, packet.size, part.at);
    if (goOn(part, *bundle.line(number), now, arrival)) sendOne(part);
  }
}

bool Relay::negotiate(const Packet& packet, Port& port, Ms now) {
  if (packet.cut) return false;
  const Content content = contentOf(packet.at, packet.size);
  if (content != Content::stun && content != Content::dtls) return false;
  negotiator_.take(port, content, packet.at, packet.size, packet.from, now);
  return true;
}

bool Relay::read(Packet& packet, Port& port, Ms now) {
  End& end = *port.end;
  const auto drop = [&end](Drop why) {
    end.counters.drop(why);
    return false;
  };
  if (packet.cut) return drop(Drop::tooLong);
  packet.rtcp = isRtcp(port, packet.at, packet.size);
  if (end.awaitsKeys(packet.rtcp)) return drop(Drop::noKeys);
  if (end.secureFor(packet.rtcp).opens() && !open(packet, port, now)) return false;
  if (end.stream->opaque) return true;
  if (packet.rtcp) return validRtcp(packet.at, packet.size) || drop(Drop::badRtcp);
  return validRtp(packet.at, packet.size) || drop(Drop::notRtp);
}

bool Relay::open(Packet& packet, Port& port, Ms now) {
  End& end = *port.end;
  const auto drop = [&end](Drop why) {
    end.counters.drop(why);
    return false;
  };
  // Whom nothing would make the source needn't cost arithmetic.
  if (!packet.rtcp && rtpHeaderSize(packet.at, packet.size) == 0) return drop(Drop::notRtp);
  if (end.ice) {
    if (!end.ice->validated(packet.from, now)) return drop(Drop::foreignSource);
  } else {
    if (!port.source.agreed().present()) return drop(Drop::notAgreed);
    if (port.source.refuses(packet.from, now)) return drop(Drop::foreignSource);
  }
  switch (end.secureFor(packet.rtcp).open(packet.at, packet.size, packet.rtcp, now)) {
    case SrtpReceiver::Verdict::unauthentic:
      return drop(Drop::unauthentic);
    case SrtpReceiver::Verdict::replayed:
      return drop(Drop::replayed);
    case SrtpReceiver::Verdict::opened:
      break;
  }
  return true;
}

bool Relay::admit(const Packet& packet, Port& port, Ms now) {
  if (port.end->ice) {
    const bool valid = port.end->ice->validated(packet.from, now);
    if (!valid) port.end->counters.drop(Drop::foreignSource);
    return valid;
  }
  switch (judgeSource(port, packet.from, now)) {
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

bool Relay::pass(Packet& packet, Ms now) {
  End& end = *packet.end;
  End& other = *end.other;
  End& way = *other.carrier;
  const auto drop = [&end](Drop why) {
    end.counters.drop(why);
    return false;
  };
  packet.target = other.target(packet.rtcp, now);
  if (!packet.target) return drop(Drop::noTarget);
  if (way.awaitsKeys(packet.rtcp)) return drop(Drop::noKeys);
  if (!way.takesAnother()) return drop(Drop::unconfirmed);
  if (way.bundle && !way.bundle->sends(other, packet.at, packet.size, packet.rtcp)) {
    return drop(Drop::sourceTaken);
  }
  SecureEnd& secure = way.secureFor(packet.rtcp);
  if (!secure.seals()) return true;
  packet.size = secure.seal(packet.at, packet.size, packet.rtcp);
  return packet.size > 0 || drop(Drop::replayed);
}

void Relay::depart(size_t i, const Packet& packet) {
  vectors_[i] = {packet.at, packet.size};
  Departure& departure = departures_[packet.rtcp];
  // Another line of a bundle leaves by another port.
  if (departure.end != packet.end) send(departure, packet.rtcp);
  departure.end = packet.end;
  mmsghdr& message = departure.messages[departure.size++];
  message.msg_hdr = {};
  message.msg_hdr.msg_iov = &vectors_[i];
  message.msg_hdr.msg_iovlen = 1;
  message.msg_hdr.msg_name = const_cast<sockaddr*>(packet.target->raw());
  message.msg_hdr.msg_namelen = packet.target->size();
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

void Relay::send(Departure& departure, bool rtcp) {
  if (departure.size == 0) return;
  End& from = *departure.end;
  const int fd = from.other->carrier->portFor(rtcp).socket.fd();
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
  departure.size = 0;
}

}  // namespace media
