#include "xdp_ports.h"

#include <dirent.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "routing_table.h"

namespace media {

namespace {

constexpr const char* kSection = "xdp";
// Further queues are left to the network stack.
constexpr uint32_t kQueuesMax = 64;
// Of each ring of a queue, and twice as many pieces of memory: 4 MiB. With more queues, or where
// less may be locked (RLIMIT_MEMLOCK), it is less.
constexpr uint32_t kEntriesMax = 1024;
constexpr uint32_t kEntriesMin = 64;
constexpr uint32_t kPiecesMax = 32 * 1024;

std::string reasonOf(const char* what, int error) {
  std::string reason = what;
  reason += ": ";
  reason += std::strerror(error);
  if (error == EPERM) reason += " (it takes CAP_NET_RAW, CAP_BPF and CAP_NET_ADMIN)";
  if (error == EBUSY) reason += " (another program has the interface)";
  if (error == ENOBUFS) reason += " (it takes locked memory: LimitMEMLOCK)";
  return reason;
}

uint32_t queuesOf(const char* interface) {
  const std::string path = std::string("/sys/class/net/") + interface + "/queues";
  DIR* folder = opendir(path.c_str());
  if (!folder) return 1;
  uint32_t count = 0;
  while (const dirent* entry = readdir(folder)) count += std::strncmp(entry->d_name, "rx-", 3) == 0;
  closedir(folder);
  return std::max(count, 1u);
}

bool readHardware(uint32_t interface, Hardware& hardware) {
  const File socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq question{};
  if (!if_indextoname(interface, question.ifr_name)) return false;
  if (ioctl(socket.fd(), SIOCGIFHWADDR, &question) != 0) return false;
  std::memcpy(hardware.data(), question.ifr_hwaddr.sa_data, hardware.size());
  return true;
}

// Whether there is a card to it.
bool isCard(uint32_t interface) {
  char name[IF_NAMESIZE];
  if (!if_indextoname(interface, name)) return false;
  return access((std::string("/sys/class/net/") + name + "/device").c_str(), F_OK) == 0;
}

// By the driver where it is a card's, before anything is made of a packet; else, and where it
// can't, by the stack's own means. For veth that costs a third of its driver's way, which copies.
File attachTo(const File& program, uint32_t interface) {
  if (isCard(interface)) {
    File link = attachToInterface(program, interface, XDP_FLAGS_DRV_MODE);
    if (link.isOpen() || errno == EPERM || errno == EBUSY) return link;
  }
  return attachToInterface(program, interface, XDP_FLAGS_SKB_MODE);
}

}  // namespace

XdpPorts::XdpPorts(const Plan& plan) {
  if (plan.object.empty()) {
    fault_ = "off";
    return;
  }
  const uint32_t queues = choose(plan);
  if (queues == 0) fault_ = "our addresses are on no Ethernet interface";
  else if (load(plan) && openSockets(queues)) attach();
  if (!fault_.empty()) {
    interfaces_.clear();
    sockets_.clear();
  }
}

uint32_t XdpPorts::choose(const Plan& plan) {
  RoutingTable table;
  uint32_t queues = 0;
  for (const std::string& text : plan.addresses) {
    const uint32_t number = table.holderOf(Address::parse(text, 1));
    char name[IF_NAMESIZE];
    if (number == 0 || find(number) || queues == kQueuesMax || !if_indextoname(number, name)) continue;
    Interface one;
    if (!media::readHardware(number, one.hardware)) continue;
    one.steering.interface = number;
    one.steering.first = queues;
    one.steering.queues = std::min(queuesOf(name), kQueuesMax - queues);
    std::memcpy(one.steering.hardware, one.hardware.data(), one.hardware.size());
    queues += one.steering.queues;
    interfaces_.push_back(std::move(one));
  }
  return queues;
}

bool XdpPorts::load(const Plan& plan) {
  BpfObject object = BpfObject::read(plan.object, kSection);
  if (object.instructions.empty()) {
    fault_ = "its program isn't built: clang wasn't there when npm ci ran";
    return false;
  }
  sources_ = createHash("media_sources", sizeof(RouteKey), sizeof(Steering), plan.sources);
  if (sources_.isOpen()) queues_ = createSocketMap("media_queues", kQueuesMax);
  if (!queues_.isOpen()) {
    fault_ = reasonOf("the kernel gives no maps", errno);
    return false;
  }
  object.use("steered", sources_.fd());
  object.use("queues", queues_.fd());
  std::string complaint;
  program_ = loadProgram(object, complaint, ProgramKind::steer);
  if (program_.isOpen()) return true;
  fault_ = reasonOf("the kernel doesn't take the program", errno);
  if (!complaint.empty()) fault_ += ": " + complaint.substr(complaint.size() - std::min<size_t>(complaint.size(), 200));
  return false;
}

bool XdpPorts::openSockets(uint32_t queues) {
  for (uint32_t pieces = std::min(2 * kEntriesMax * queues, kPiecesMax); ; pieces /= 2) {
    if (openSockets(queues, pieces)) return true;
    const int why = errno;
    sockets_.clear();
    if (why == ENOBUFS && pieces / 4 / queues >= kEntriesMin) continue;
    fault_ = reasonOf("it gets no sockets", why);
    return false;
  }
}

bool XdpPorts::openSockets(uint32_t queues, uint32_t pieces) {
  if (!memory_.map(pieces)) return false;
  uint32_t entries = kEntriesMin;
  while (4 * entries * queues <= pieces) entries *= 2;
  for (const Interface& one : interfaces_) {
    for (uint32_t queue = 0; queue < one.steering.queues; queue++) {
      auto socket = std::make_unique<XdpSocket>();
      const XdpSocket* first = sockets_.empty() ? nullptr : sockets_.front().get();
      if (!socket->open(memory_, first, one.steering.interface, queue, entries)) return false;
      const auto number = static_cast<uint32_t>(sockets_.size());
      const auto fd = static_cast<uint32_t>(socket->fd());
      if (!putEntry(queues_, &number, &fd)) return false;
      socket->refill();
      sockets_.push_back(std::move(socket));
    }
  }
  return true;
}

void XdpPorts::attach() {
  for (Interface& one : interfaces_) {
    one.link = attachTo(program_, one.steering.interface);
    if (one.link.isOpen()) continue;
    fault_ = reasonOf("it can't be attached", errno);
    return;
  }
}

bool XdpPorts::steer(const RouteKey& source, uint32_t interface) {
  const Interface* one = find(interface);
  return one && putEntry(sources_, &source, &one->steering);
}

void XdpPorts::leave(const RouteKey& source) { removeEntry(sources_, &source); }

XdpSocket* XdpPorts::outOf(uint32_t interface) {
  const Interface* one = find(interface);
  return one ? sockets_[one->steering.first].get() : nullptr;
}

const Hardware* XdpPorts::hardwareOf(uint32_t interface) const {
  const Interface* one = find(interface);
  return one ? &one->hardware : nullptr;
}

bool XdpPorts::readHardware() {
  bool any = false;
  for (Interface& one : interfaces_) {
    Hardware now;
    if (!media::readHardware(one.steering.interface, now) || now == one.hardware) continue;
    one.hardware = now;
    std::memcpy(one.steering.hardware, now.data(), now.size());
    any = true;
  }
  return any;
}

const XdpPorts::Interface* XdpPorts::find(uint32_t interface) const {
  for (const Interface& one : interfaces_) {
    if (one.steering.interface == interface) return &one;
  }
  return nullptr;
}

}  // namespace media
