#include "kernel_path.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace media {

namespace {

constexpr const char* kSection = "tc";
// How many streams are lent at one sweep: packets wait that long.
constexpr size_t kLentAtOnce = 512;
// When a stream that can't be lent is looked at again.
constexpr Ms kAgainMs = 10'000;
// Streams that the kernel relays at once; further ones stay with the sockets.
constexpr uint32_t kStreamsMax = 16'384;

std::string reasonOf(const char* what, int error) {
  std::string reason = what;
  reason += ": ";
  reason += std::strerror(error);
  if (error == EPERM) reason += " (it takes CAP_BPF and CAP_NET_ADMIN)";
  return reason;
}

void copy(uint8_t (&to)[16], const Address& from) {
  std::memset(to, 0, sizeof to);
  std::memcpy(to, from.bytes(), from.family() == AF_INET ? 4 : 16);
}

uint8_t versionOf(const Address& address) { return address.family() == AF_INET ? 4 : 6; }

void follow(Route& route, const RoutingTable::Way& way) {
  route.interface = way.interface;
  route.mtu = way.mtu;
  copy(route.via, way.via);
}

// What an end sends, as far as it alone decides.
bool isPlain(const End& end) { return end.stream->alone() && !end.negotiates() && !end.secure.opens() && !end.secure.seals(); }

// The one source of this end's packets, now and until a new agreement; nullptr while others may
// come to be.
const Address* settled(const End& end, Ms now) {
  const Address* source = end.rtp.source.settled(now);
  return isPlain(end) && source && end.sending && end.confirmed ? source : nullptr;
}

}  // namespace

KernelPath::KernelPath(const Plan& plan) {
  if (plan.object.empty()) {
    fault_ = "off";
    return;
  }
  if (!load(plan)) return;
  size_t attached = 0;
  for (const std::string& text : plan.addresses) attached += attach(Address::parse(text, 1));
  if (!plan.addresses.empty() && attached == 0 && fault_.empty()) {
    fault_ = "our addresses are on no Ethernet interface";
  }
}

KernelPath::~KernelPath() {
  if (accounts_) munmap(accounts_, mappedBytes_);
}

bool KernelPath::load(const Plan& plan) {
  BpfObject object = BpfObject::read(plan.object, kSection);
  if (object.instructions.empty()) {
    fault_ = "its program isn't built: clang wasn't there when npm ci ran";
    return false;
  }
  const uint32_t entries = 2 * std::min(plan.streams, kStreamsMax);
  routes_ = createHash("media_routes", sizeof(RouteKey), sizeof(Route), entries);
  if (routes_.isOpen()) counts_ = createArray("media_accounts", sizeof(Account), entries);
  if (!counts_.isOpen()) {
    fault_ = reasonOf("the kernel gives no maps", errno);
    return false;
  }
  object.use("routes", routes_.fd());
  object.use("accounts", counts_.fd());
  std::string complaint;
  program_ = loadProgram(object, complaint);
  if (!program_.isOpen()) {
    fault_ = reasonOf("the kernel doesn't take the program", errno);
    if (!complaint.empty()) fault_ += ": " + complaint.substr(complaint.size() - std::min<size_t>(complaint.size(), 200));
    return false;
  }
  return map(entries);
}

bool KernelPath::map(uint32_t entries) {
  mappedBytes_ = entries * sizeof(Account);
  void* mapped = mmap(nullptr, mappedBytes_, PROT_READ | PROT_WRITE, MAP_SHARED, counts_.fd(), 0);
  if (mapped == MAP_FAILED) {
    fault_ = reasonOf("the kernel's counters can't be read", errno);
    return false;
  }
  accounts_ = static_cast<Account*>(mapped);
  for (uint32_t number = 0; number < entries; number++) free_.push_back(number);
  return true;
}

bool KernelPath::attach(const Address& local) {
  const uint32_t interface = table_.holderOf(local);
  if (interface == 0) return false;
  const auto known = links_.find(interface);
  if (known != links_.end()) return known->second.isOpen();
  File link = attachIncoming(program_, interface);
  const bool attached = link.isOpen();
  if (!attached && fault_.empty()) {
    fault_ = reasonOf("it can't be attached", errno);
    // Older kernels know no such link.
    if (errno == EINVAL) fault_ += " (it takes Linux 6.6)";
  }
  links_.emplace(interface, std::move(link));
  return attached;
}

void KernelPath::turn(bool on, const std::vector<std::unique_ptr<Stream>>& streams) {
  on_ = on;
  for (const auto& stream : streams) {
    if (stream && !on) takeBack(*stream);
  }
}

void KernelPath::sweep(const std::vector<std::unique_ptr<Stream>>& streams, Ms now) {
  if (!accounts_ || !on_) return;
  const bool changed = table_.changed() || table_.renewed();
  size_t left = kLentAtOnce;
  for (const auto& stream : streams) {
    if (!stream) continue;
    stream->hearKernel();
    if (changed) reroute(*stream);
    const bool isLent = stream->ends[0].lent.account != nullptr;
    if (isLent || left == 0 || now < stream->lendAgain) continue;
    left--;
    lend(*stream, now);
  }
}

// Both directions or none: what is settled on one side alone isn't where the other's leads.
void KernelPath::lend(Stream& stream, Ms now) {
  if (stream.opaque || !settled(stream.ends[0], now) || !settled(stream.ends[1], now)) return;
  if (free_.size() < 2 || !lend(stream.ends[0]) || !lend(stream.ends[1])) {
    takeBack(stream);
    stream.lendAgain = now + kAgainMs;
  }
}

bool KernelPath::lend(End& end) {
  const Address& from = end.rtp.source.best();
  const Address& at = end.rtp.socket.local();
  const UdpSocket& out = end.other->rtp.socket;
  const Address& to = end.other->rtp.source.best();
  if (!attach(at)) return false;
  const RoutingTable::Way& way = table_.wayOf(out.local(), to);
  if (way.interface == 0) return false;
  Lent lent;
  copy(lent.key.to, at);
  copy(lent.key.from, from);
  lent.key.toPort = htons(at.port());
  lent.key.fromPort = htons(from.port());
  lent.key.version = versionOf(from);
  copy(lent.route.from, out.local());
  copy(lent.route.to, to);
  lent.route.version = versionOf(to);
  follow(lent.route, way);
  lent.route.fromPort = htons(out.local().port());
  lent.route.toPort = htons(to.port());
  lent.route.trafficClass = out.trafficClass();
  lent.route.account = lent.number = free_.front();
  lent.account = &accounts_[lent.number];
  *lent.account = Account{end.formats.table(), end.counters.quality.state(), 0, 0, 0};
  if (!putEntry(routes_, &lent.key, &lent.route)) return false;
  free_.pop_front();
  end.lent = lent;
  return true;
}

void KernelPath::takeBack(Stream& stream) {
  for (End& end : stream.ends) takeBack(end);
}

void KernelPath::takeBack(End& end) {
  if (!end.lent.account) return;
  removeEntry(routes_, &end.lent.key);
  end.absorb();
  end.stream->hearKernel();
  free_.push_back(end.lent.number);
  end.lent = Lent();
}

void KernelPath::reroute(Stream& stream) {
  stream.lendAgain = 0;
  for (End& end : stream.ends) {
    if (!end.lent.account) continue;
    const auto& way = table_.wayOf(end.other->rtp.socket.local(), end.other->rtp.source.best());
    Route& route = end.lent.route;
    const Route before = route;
    if (way.interface != 0) follow(route, way);
    if (way.interface != 0 && std::memcmp(&before, &route, sizeof route) == 0) continue;
    if (way.interface == 0 || !putEntry(routes_, &end.lent.key, &route)) return takeBack(stream);
  }
}

}  // namespace media
