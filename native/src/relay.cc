#include "relay.h"

#include <netinet/in.h>

#include "frame.h"
#include "rtp.h"

namespace media {

namespace {

enum class Content : uint8_t { media, rtcp, notRtp, badRtcp };

Content contentOf(const Port& port, const uint8_t* packet, size_t size) {
  if (port.end->stream->opaque) return Content::media;
  const bool rtcp = port.rtcp || (port.end->mux() && size >= 2 && isRtcpType(packet[1]));
  if (rtcp) return validRtcp(packet, size) ? Content::rtcp : Content::badRtcp;
  return validRtp(packet, size) ? Content::media : Content::notRtp;
}

Source::Verdict judge(Port& port, const Address& from, Ms now) {
  const Address& voice = port.end->rtp.source.learnt();
  // Once media has shown where its sender is, RTCP comes from there too.
  if (port.rtcp && voice.present() && !from.sameHost(voice)) return Source::Verdict::foreign;
  return port.source.judge(from, now);
}

void book(End& end, Content content, const uint8_t* packet, size_t size) {
  Counters& counters = end.counters;
  if (content == Content::rtcp) {
    counters.rtcpIn++;
    return;
  }
  counters.packetsIn++;
  counters.bytesIn += size;
  if (!end.stream->opaque) counters.sequence.count(ssrcOf(packet), sequenceOf(packet));
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

// Whether a packet may be sent to this end, given that there is a target.
bool mayReach(End& end) {
  return end.confirmed || end.sentUnconfirmed++ < Relay::kUnconfirmedMax;
}

}  // namespace

Relay::Relay(std::string& events) : events_(events) {
  for (size_t i = 0; i < kBatch; i++) {
    vectors_[i] = {packets_[i].data(), kPacketBytes};
    msghdr& header = received_[i].msg_hdr;
    header.msg_iov = &vectors_[i];
    header.msg_iovlen = 1;
    header.msg_name = sources_[i].raw();
    header.msg_namelen = Address::sizeMax();
  }
}

void Relay::receive(Port& port, Ms now) {
  const int count = recvmmsg(port.socket.fd(), received_.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (count <= 0) return;
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
  End& end = *port.end;
  const uint8_t* packet = packets_[i].data();
  const size_t size = received_[i].msg_len;
  if (received_[i].msg_hdr.msg_flags & MSG_TRUNC) return end.counters.drop(Drop::tooLong);
  const Content content = contentOf(port, packet, size);
  if (content == Content::notRtp) return end.counters.drop(Drop::notRtp);
  if (content == Content::badRtcp) return end.counters.drop(Drop::badRtcp);
  switch (judge(port, sources_[i], now)) {
    case Source::Verdict::foreign:
      return end.counters.drop(Drop::foreignSource);
    case Source::Verdict::disagreed:
      return end.counters.drop(Drop::notAgreed);
    case Source::Verdict::learnt:
      learnt(port);
      break;
    case Source::Verdict::accepted:
      break;
  }
  end.stream->lastPacket = now;
  end.stream->silent = false;
  if (!end.confirmed) end.confirmed = sources_[i].sameHost(end.rtp.source.best());
  book(end, content, packet, size);

  const bool rtcp = content == Content::rtcp;
  const Address* target = end.other->target(rtcp);
  if (!target) return end.counters.drop(Drop::noTarget);
  if (!mayReach(*end.other)) return end.counters.drop(Drop::unconfirmed);
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
