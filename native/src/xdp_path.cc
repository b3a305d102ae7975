#include "xdp_path.h"

#include <sys/epoll.h>
#include <sys/socket.h>

namespace media {

namespace {

// How often one packet of a stream takes the network stack's way, so that the kernel goes on
// asking whether the next hop is still there (RFC 4861 §7.3, and the same of ARP).
constexpr Ms kByStackMs = 5000;

// How many are steered at one sweep: packets wait that long.
constexpr size_t kSteeredAtOnce = 1024;

bool isPlain(const End& end) { return !end.secure.opens() && !end.secure.seals(); }

// Whether the datagrams come to the port, whose address may be another than it was.
bool holds(const Port& port, const RouteKey& key) {
  const Address& local = port.socket.local();
  if (!port.socket.isOpen()) return false;
  const RouteKey now = keyOf(local, local);
  return std::memcmp(now.to, key.to, sizeof key.to) == 0 && now.toPort == key.toPort;
}

// Where packets of the end's peer come from that have to do with keys; nullptr while there is no
// such place, or nobody has been heard there.
const Address* sourceOf(const End& end, Ms now) {
  const Stream& stream = *end.stream;
  if (stream.opaque || !stream.alone() || (isPlain(stream.ends[0]) && isPlain(stream.ends[1]))) return nullptr;
  if (end.ice) return end.ice->target(now);
  const Address& best = end.rtp.source.best();
  return end.confirmed && best.present() ? &best : nullptr;
}

}  // namespace

size_t XdpPath::Hash::operator()(const RouteKey& key) const {
  uint64_t words[sizeof key / sizeof(uint64_t)];
  std::memcpy(words, &key, sizeof words);
  uint64_t hash = 0;
  for (const uint64_t word : words) hash = (hash ^ word) * 0x9e3779b97f4a7c15 + (hash >> 29);
  return hash ^ hash >> 32;
}

void XdpPath::watch(int epoll) {
  for (const auto& socket : ports_.sockets()) {
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.ptr = this;
    epoll_ctl(epoll, EPOLL_CTL_ADD, socket->fd(), &interest);
  }
}

void XdpPath::turn(bool on, const std::vector<std::unique_ptr<Stream>>& streams) {
  on_ = on;
  for (const auto& stream : streams) {
    if (stream && !on) takeBack(*stream);
  }
}

void XdpPath::sweep(const std::vector<std::unique_ptr<Stream>>& streams, Ms now) {
  if (!ports_.open() || !on_) return;
  const bool moved = table_.changed() || table_.renewed();
  const bool anew = moved && ports_.readHardware();
  const bool changed = neighbours_.changed() || moved;
  left_ = kSteeredAtOnce;
  for (const auto& stream : streams) {
    if (!stream) continue;
    if (anew) takeBack(*stream);
    for (End& end : stream->ends) follow(end, now, changed);
  }
}

void XdpPath::follow(End& end, Ms now, bool changed) {
  const Address* from = sourceOf(end, now);
  if (end.steered) {
    Steered& steered = *end.steered;
    if (!steered.leaving && (!from || *from != steered.from)) return leave(steered);
    if (steered.leaving && !steered.sweptLeaving) {
      steered.sweptLeaving = true;
      return;
    }
    if (steered.leaving) forget(end);
  }
  if (!from || (!end.steered && !steer(end, *from))) return;
  Steered& steered = *end.steered;
  const Address* to = end.other->target(false, now);
  if (to && (changed || !steered.out || *to != steered.to)) {
    steered.to = *to;
    findWay(steered, now);
  }
}

bool XdpPath::steer(End& end, const Address& from) {
  const Address& at = end.rtp.socket.local();
  const RouteKey key = keyOf(from, at);
  if (left_ == 0 || from.family() != at.family() || steered_.contains(key)) return false;
  if (!ports_.steer(key, table_.holderOf(at))) return false;
  left_--;
  auto& steered = steered_[key];
  steered = std::make_unique<Steered>();
  steered->key = key;
  steered->from = from;
  steered->port = &end.rtp;
  end.steered = steered.get();
  return true;
}

void XdpPath::takeBack(Stream& stream) {
  for (End& end : stream.ends) {
    if (end.steered) leave(*end.steered);
  }
}

void XdpPath::leave(Steered& steered) {
  if (!steered.leaving) ports_.leave(steered.key);
  steered.leaving = true;
  // The way is as old as what was agreed.
  steered.out = nullptr;
}

void XdpPath::forget(Stream& stream) {
  for (End& end : stream.ends) forget(end);
}

void XdpPath::forget(End& end) {
  if (!end.steered) return;
  leave(*end.steered);
  const RouteKey key = end.steered->key;
  end.steered = nullptr;
  steered_.erase(key);
}

void XdpPath::findWay(Steered& steered, Ms now) {
  const End& other = *steered.port->end->other;
  const UdpSocket& from = other.rtp.socket;
  steered.out = nullptr;
  if (steered.to.family() != from.local().family()) return;
  const RoutingTable::Way& way = table_.wayOf(from.local(), steered.to);
  XdpSocket* out = ports_.outOf(way.interface);
  if (!out) return;
  const Hardware* next = neighbours_.of(way.interface, way.via);
  if (!next) return;
  steered.headers = FrameHeaders(*ports_.hardwareOf(way.interface), *next, from.local(),
                                 steered.to, from.trafficClass());
  // The longest packet that the link takes, and no longer a frame than a piece of memory holds.
  const size_t ip = steered.headers.size() - FrameHeaders::kEthernetBytes;
  steered.payloadMax = way.mtu > ip ? way.mtu - ip : 0;
  steered.out = out;
  if (steered.nextByStack == 0) steered.nextByStack = now + kByStackMs;
}

void XdpPath::receive(Relay& relay, Ms now, Us arrival) {
  for (const auto& socket : ports_.sockets()) {
    socket->reclaim();
    const uint32_t count = socket->receive(frames_.data(), kBatch);
    for (uint32_t i = 0; i < count; i++) take(frames_[i], relay, now, arrival);
    if (count > 0) socket->refill();
  }
  flush();
}

void XdpPath::flush() {
  for (const auto& socket : ports_.sockets()) socket->flush();
}

void XdpPath::take(const xdp_desc& frame, Relay& relay, Ms now, Us arrival) {
  DatagramFrame datagram;
  const auto known = DatagramFrame::read(ports_.memory().at(frame.addr), frame.len, datagram)
                         ? steered_.find(datagram.key)
                         : steered_.end();
  if (known == steered_.end()) return ports_.memory().give(frame.addr);
  Steered& steered = *known->second;
  // The stream has moved to another port meanwhile.
  const bool elsewhere = steered.leaving && !holds(*steered.port, datagram.key);
  if (elsewhere) return ports_.memory().give(frame.addr);
  Packet packet{datagram.payload, datagram.size, steered.from};
  Counters& counters = steered.port->end->counters;
  const uint64_t before = counters.packetsIn;
  const bool passes = relay.judge(packet, *steered.port, now, arrival);
  counters.packetsByKernel += counters.packetsIn - before;
  if (!passes || !sendOn(steered, packet, now)) ports_.memory().give(frame.addr);
}

bool XdpPath::sendOn(Steered& steered, const Packet& packet, Ms now) {
  End& from = *steered.port->end;
  End& to = *from.other;
  const bool known = steered.out && *packet.target == steered.to && packet.size <= steered.payloadMax;
  if (!known || now >= steered.nextByStack) {
    steered.nextByStack = now + kByStackMs;
    if (sendByStack(to, packet)) to.counters.packetsOut++;
    else from.counters.drop(Drop::sendFailed);
    return false;
  }
  const uint8_t* start = steered.headers.write(packet.at, packet.size);
  const auto size = static_cast<uint32_t>(steered.headers.size() + packet.size);
  if (!steered.out->send({ports_.memory().of(start), size, 0})) {
    from.counters.drop(Drop::sendFailed);
    return false;
  }
  to.counters.packetsOut++;
  return true;
}

bool XdpPath::sendByStack(const End& to, const Packet& packet) {
  // Those before it leave before it.
  flush();
  return sendto(to.rtp.socket.fd(), packet.at, packet.size, MSG_DONTWAIT, packet.target->raw(),
                packet.target->size()) >= 0;
}

}  // namespace media
