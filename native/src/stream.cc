#include "stream.h"

#include <sys/epoll.h>

#include <utility>

#include "bundles.h"

namespace media {

namespace {

bool holds(const Port& port, const Address& local) {
  return port.socket.isOpen() && port.socket.local() == local;
}

// A socket that isn't in its port yet, so that a failure leaves the port as it was.
struct Fresh {
  UdpSocket socket;
  Port* port = nullptr;
};

const char* open(Fresh& fresh, Port& port, const Address& local, uint8_t dscp, int epoll) {
  if (holds(port, local)) return nullptr;
  if (const char* why = fresh.socket.open(local, dscp)) return why;
  epoll_event interest{};
  interest.events = EPOLLIN;
  interest.data.ptr = &port;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fresh.socket.fd(), &interest) != 0) return "too-many-files";
  fresh.port = &port;
  return nullptr;
}

}  // namespace

const char* StreamPlan::fault() const {
  for (const EndPlan& end : ends) {
    if (const char* why = faultOf(end)) return why;
  }
  return nullptr;
}

const char* StreamPlan::faultOf(const EndPlan& end) const {
  const bool keys = end.inbound.present() || end.outbound.present();
  const bool negotiates = end.ice.present() || end.dtls.present();
  if (end.unreadable) return "remote-address";
  if (!end.local.present() || end.local.port() == 0) return "local-address";
  // With ICE the description's address is one of several, and perhaps none that is meant.
  if (end.remote.present() && !end.ice.present()) {
    if (end.remote.family() != end.local.family()) return "address-family";
    if (end.remote.port() == 0) return "remote-port";
  }
  if (!opaque && end.rtcpPort == 0) return "rtcp-port";
  if (opaque && (keys || negotiates)) return "keys-of-opaque";
  // One pair.
  if (end.ice.present() && !end.mux()) return "no-rtcp-mux";
  if (end.ice.present() && !end.ice.sound()) return "ice-credentials";
  // One port, and nobody's keys in the descriptions: each line has its own there.
  if (end.bundled.present() && (opaque || !end.mux() || keys)) return "bundle";
  if (end.dtls.present() && (keys || end.dtls.fingerprints.empty())) return "dtls-keys";
  return nullptr;
}

const Address* End::target(bool isRtcp, Ms now) const {
  if (!sending) return nullptr;
  return carrier->place(isRtcp, now);
}

const Address* End::place(bool isRtcp, Ms now) const {
  if (ice) return ice->target(now);
  if (!isRtcp || mux()) return rtp.source.best().present() ? &rtp.source.best() : nullptr;
  if (rtcp.source.learnt().present()) return &rtcp.source.learnt();
  // Behind NAT the agreed RTCP port is as wrong as the agreed RTP port was.
  const bool elsewhere =
      rtp.source.learnt().present() && !rtp.source.learnt().sameHost(rtp.source.agreed());
  return elsewhere || !rtcp.source.agreed().present() ? nullptr : &rtcp.source.agreed();
}

void End::agree(const EndPlan& plan, Ms now) {
  sending = plan.remote.present();
  formats = plan.formats;
  bundled = plan.bundled;
  carrier->agreeTransport(plan, now);
  if (carrier->bundle) carrier->bundle->refresh();
}

void End::agreeTransport(const EndPlan& plan, Ms now) {
  if (plan.remote.present() && !plan.remote.sameHost(rtp.source.agreed())) {
    confirmed = false;
    sentUnconfirmed = 0;
  }
  rtp.source.agree(plan.remote, plan.learns);
  if (!mux()) rtcp.source.agree(plan.remote.withPort(plan.remoteRtcpPort), plan.learns);
  // Keys that DTLS made are none of the plan's.
  if (!plan.dtls.present()) secure.agree(plan.inbound, plan.outbound, now);
  rtp.socket.setDscp(plan.dscp);
  rtcp.socket.setDscp(plan.dscp);
}

void End::inherit(End& former) {
  rtp.socket = std::move(former.rtp.socket);
  rtp.source = std::exchange(former.rtp.source, Source());
  rtp.dtls = std::move(former.rtp.dtls);
  secure = std::exchange(former.secure, SecureEnd());
  ice = std::move(former.ice);
  confirmed = former.confirmed;
  sentUnconfirmed = former.sentUnconfirmed;
  movesSince = former.movesSince;
  moves = former.moves;
  bundle = std::move(former.bundle);
}

void End::absorb() {
  if (!lent.account) return;
  const uint64_t packets = __atomic_load_n(&lent.account->packets, __ATOMIC_RELAXED);
  const uint64_t bytes = __atomic_load_n(&lent.account->bytes, __ATOMIC_RELAXED);
  counters.packetsIn += packets - lent.packets;
  counters.packetsByKernel += packets - lent.packets;
  counters.bytesIn += bytes - lent.bytes;
  other->counters.packetsOut += packets - lent.packets;
  counters.quality.resume(lent.account->quality);
  lent.packets = packets;
  lent.bytes = bytes;
}

void End::count(const uint8_t* packet, size_t size, Us arrival) {
  absorb();
  counters.packetsIn++;
  counters.bytesIn += size;
  if (stream->opaque) return;
  counters.quality.count(packet, size, formats, arrival);
  // One of a thousand that the kernel passed to us, of a stream that goes on there.
  if (lent.account) lent.account->quality = counters.quality.state();
}

Stream::Stream(uint32_t at) : slot(at) {
  for (uint8_t side = 0; side < 2; side++) {
    End& end = ends[side];
    end.stream = this;
    end.other = &ends[1 - side];
    end.side = side;
    end.rtp.end = end.rtcp.end = &end;
    end.rtcp.rtcp = true;
  }
}

// Why this end can't be in the bundle that it shall be in, or out of the one that it is in.
const char* Stream::bundleFault(const End& end, const EndPlan& want, const End* carrier) const {
  // Others go on by the port.
  const bool leaves = end.bundle && end.bundle->size() > 1 && !want.bundled.present();
  if (leaves && holds(end.rtp, want.local)) return "bundle-in-use";
  if (!carrier || carrier == end.carrier) return nullptr;
  return carrier->stream == this || carrier->bundle->isFull() ? "bundle" : nullptr;
}

void Stream::settle(End& end, const EndPlan& want, Bundles& bundles, int epoll, Ms now) {
  End* carrier = want.bundled.present() ? bundles.at(want.local) : nullptr;
  if (carrier && carrier != end.carrier) bundles.join(end, *carrier, epoll, now);
  if (!carrier) bundles.leave(end, epoll);
}

Stream::Outcome Stream::apply(const StreamPlan& plan, Bundles& bundles, int epoll, Ms now) {
  if (const char* why = plan.fault()) return {why};
  const bool before = live();
  std::array<std::array<Fresh, 2>, 2> fresh;
  for (size_t side = 0; side < 2; side++) {
    const EndPlan& want = plan.ends[side];
    End& end = ends[side];
    const End* carrier = want.bundled.present() ? bundles.at(want.local) : nullptr;
    const char* why = bundleFault(end, want, carrier);
    if (!why && !carrier) why = open(fresh[side][0], end.rtp, want.local, want.dscp, epoll);
    if (!why && !plan.opaque && !want.mux()) {
      why = open(fresh[side][1], end.rtcp, want.local.withPort(want.rtcpPort), want.dscp, epoll);
    }
    if (why) return {why};
  }
  Outcome outcome;
  for (size_t side = 0; side < 2; side++) settle(ends[side], plan.ends[side], bundles, epoll, now);
  for (size_t side = 0; side < 2; side++) {
    for (Fresh& one : fresh[side]) {
      if (!one.port) continue;
      one.port->socket = std::move(one.socket);
      one.port->source = Source();
    }
    if (fresh[side][0].port) outcome.replaced = before;
    if (plan.opaque || plan.ends[side].mux()) ends[side].rtcp.socket.close();
    if (plan.ends[side].bundled.present() && !ends[side].carrier->bundle) bundles.begin(ends[side]);
    ends[side].agree(plan.ends[side], now);
  }
  opaque = plan.opaque;
  silenceMs = plan.silenceMs;
  lastPacket = now;
  silent = false;
  lendAgain = 0;
  return outcome;
}

void Stream::hearKernel() {
  for (const End& end : ends) {
    if (!end.lent.account) continue;
    const auto heard = static_cast<Ms>(
        __atomic_load_n(&end.lent.account->lastNs, __ATOMIC_RELAXED) / 1'000'000);
    if (heard <= lastPacket) continue;
    lastPacket = heard;
    silent = false;
  }
}

void Stream::resetCounters() {
  for (End& end : ends) end.counters = Counters();
}

}  // namespace media
