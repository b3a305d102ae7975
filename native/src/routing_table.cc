#include "routing_table.h"

#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace media {

namespace {

// More pairs of hosts than that are asked for anew.
constexpr size_t kWaysMax = 4096;
// An answer holds for that many turns, and that many are asked for anew in one: packets wait for
// it, some microseconds each.
constexpr uint32_t kTurnsKept = 10;
constexpr size_t kRenewedAtOnce = 128;
constexpr uint16_t kLongest = 0xffff;
constexpr uint32_t kNewsGroups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE |
                                 RTMGRP_IPV4_RULE | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE;

size_t bytesOf(int family) { return family == AF_INET ? 4 : 16; }

struct Question {
  nlmsghdr header;
  rtmsg route;
  std::array<char, 64> attributes;
};

void add(Question& question, uint16_t type, const Address& address) {
  const size_t size = bytesOf(address.family());
  rtattr attribute{};
  attribute.rta_type = type;
  attribute.rta_len = static_cast<uint16_t>(RTA_LENGTH(size));
  char* at = reinterpret_cast<char*>(&question) + NLMSG_ALIGN(question.header.nlmsg_len);
  std::memcpy(at, &attribute, sizeof attribute);
  std::memcpy(at + RTA_LENGTH(0), address.bytes(), size);
  question.header.nlmsg_len = NLMSG_ALIGN(question.header.nlmsg_len) +
                              static_cast<uint32_t>(RTA_ALIGN(attribute.rta_len));
}

// What the kernel has learnt of the path, where it has (RFC 1191).
uint16_t mtuOf(const uint8_t* metrics, size_t size) {
  for (size_t at = 0; at + RTA_LENGTH(sizeof(uint32_t)) <= size;) {
    rtattr metric;
    std::memcpy(&metric, metrics + at, sizeof metric);
    if (metric.rta_len < RTA_LENGTH(0)) break;
    uint32_t value = 0;
    std::memcpy(&value, metrics + at + RTA_LENGTH(0), sizeof value);
    if (metric.rta_type == RTAX_MTU) return static_cast<uint16_t>(std::min<uint32_t>(value, kLongest));
    at += RTA_ALIGN(metric.rta_len);
  }
  return kLongest;
}

// Of an interface.
uint16_t mtuOf(const char* name) {
  const File socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq question{};
  std::strncpy(question.ifr_name, name, sizeof question.ifr_name - 1);
  if (ioctl(socket.fd(), SIOCGIFMTU, &question) != 0) return 0;
  return static_cast<uint16_t>(std::min<int>(question.ifr_mtu, kLongest));
}

// The way in an answer, whose gateway may be missing: the peer is then its own.
RoutingTable::Way read(const char* answer, size_t size, const Address& to) {
  nlmsghdr header;
  rtmsg route;
  if (size < NLMSG_LENGTH(sizeof route)) return {};
  std::memcpy(&header, answer, sizeof header);
  std::memcpy(&route, answer + NLMSG_LENGTH(0), sizeof route);
  if (header.nlmsg_type != RTM_NEWROUTE || route.rtm_type != RTN_UNICAST) return {};
  RoutingTable::Way way{0, kLongest, to};
  size_t at = NLMSG_SPACE(sizeof route);
  const size_t end = std::min<size_t>(size, header.nlmsg_len);
  while (at + RTA_LENGTH(0) <= end) {
    rtattr attribute;
    std::memcpy(&attribute, answer + at, sizeof attribute);
    if (attribute.rta_len < RTA_LENGTH(0) || at + attribute.rta_len > end) return {};
    const auto* value = reinterpret_cast<const uint8_t*>(answer + at + RTA_LENGTH(0));
    const size_t length = attribute.rta_len - RTA_LENGTH(0);
    if (attribute.rta_type == RTA_OIF && length == sizeof way.interface) {
      std::memcpy(&way.interface, value, length);
    }
    if (attribute.rta_type == RTA_METRICS) way.mtu = std::min(way.mtu, mtuOf(value, length));
    if (attribute.rta_type == RTA_GATEWAY) way.via = Address::fromBytes(value, length, 1);
    // A gateway of the other family, or a tunnel.
    if (attribute.rta_type == RTA_VIA || attribute.rta_type == RTA_ENCAP) return {};
    at += RTA_ALIGN(attribute.rta_len);
  }
  return way;
}

}  // namespace

RoutingTable::RoutingTable()
    : questions_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)),
      news_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)) {
  sockaddr_nl groups{};
  groups.nl_family = AF_NETLINK;
  groups.nl_groups = kNewsGroups;
  if (bind(news_.fd(), reinterpret_cast<sockaddr*>(&groups), sizeof groups) != 0) news_ = File();
}

bool RoutingTable::changed() {
  std::array<char, 8192> news;
  bool any = false;
  // An error is news that there was no room for.
  for (;;) {
    const ssize_t got = recv(news_.fd(), news.data(), news.size(), MSG_DONTWAIT);
    if (got < 0 && errno != ENOBUFS) break;
    if (got == 0) break;
    any = true;
  }
  if (any) {
    ways_.clear();
    read_ = false;
  }
  return any;
}

const RoutingTable::Way& RoutingTable::wayOf(const Address& from, const Address& to) {
  Pair pair{};
  pair[0] = static_cast<uint8_t>(to.family());
  std::memcpy(&pair[1], from.bytes(), bytesOf(from.family()));
  std::memcpy(&pair[17], to.bytes(), bytesOf(to.family()));
  const auto known = ways_.find(pair);
  if (known != ways_.end()) return known->second.way;
  if (ways_.size() >= kWaysMax) ways_.clear();
  Known& fresh = ways_[pair];
  fresh = {ask(from, to), turn_};
  return fresh.way;
}

bool RoutingTable::renewed() {
  turn_++;
  bool any = false;
  size_t left = kRenewedAtOnce;
  for (auto& [pair, known] : ways_) {
    if (turn_ - known.asked < kTurnsKept) continue;
    if (left-- == 0) break;
    const size_t size = bytesOf(pair[0]);
    const Way way = ask(Address::fromBytes(&pair[1], size, 1), Address::fromBytes(&pair[17], size, 1));
    any |= !(way == known.way);
    known = {way, turn_};
  }
  return any;
}

RoutingTable::Way RoutingTable::ask(const Address& from, const Address& to) {
  Question question{};
  question.header.nlmsg_len = NLMSG_LENGTH(sizeof(rtmsg));
  question.header.nlmsg_type = RTM_GETROUTE;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.route.rtm_family = static_cast<uint8_t>(to.family());
  question.route.rtm_dst_len = static_cast<uint8_t>(8 * bytesOf(to.family()));
  question.route.rtm_src_len = static_cast<uint8_t>(8 * bytesOf(from.family()));
  add(question, RTA_DST, to);
  add(question, RTA_SRC, from);
  if (send(questions_.fd(), &question, question.header.nlmsg_len, 0) < 0) return {};
  std::array<char, 4096> answer;
  const ssize_t got = recv(questions_.fd(), answer.data(), answer.size(), 0);
  Way way = got > 0 ? read(answer.data(), static_cast<size_t>(got), to) : Way{};
  const Ethernet* link = ethernetOf(way.interface);
  if (!link) return {};
  way.mtu = std::min(way.mtu, link->mtu);
  return way;
}

uint32_t RoutingTable::holderOf(const Address& local) {
  readInterfaces();
  for (const Holder& holder : holders_) {
    if (holder.address.sameHost(local)) return ethernetOf(holder.interface) ? holder.interface : 0;
  }
  return 0;
}

const RoutingTable::Ethernet* RoutingTable::ethernetOf(uint32_t interface) {
  readInterfaces();
  for (const Ethernet& one : ethernets_) {
    if (one.interface == interface) return &one;
  }
  return nullptr;
}

void RoutingTable::readInterfaces() {
  if (read_) return;
  read_ = true;
  holders_.clear();
  ethernets_.clear();
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return;
  for (const ifaddrs* one = all; one; one = one->ifa_next) {
    if (!one->ifa_addr) continue;
    const int family = one->ifa_addr->sa_family;
    if (family == AF_PACKET) {
      sockaddr_ll link;
      std::memcpy(&link, one->ifa_addr, sizeof link);
      if (link.sll_hatype != ARPHRD_ETHER) continue;
      ethernets_.push_back({static_cast<uint32_t>(link.sll_ifindex), mtuOf(one->ifa_name)});
    } else if (family == AF_INET || family == AF_INET6) {
      Address address;
      const size_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
      std::memcpy(address.raw(), one->ifa_addr, size);
      holders_.push_back({address, if_nametoindex(one->ifa_name)});
    }
  }
  freeifaddrs(all);
}

}  // namespace media
