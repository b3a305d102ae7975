#include "neighbours.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace media {

namespace {

// More than that are asked for anew.
constexpr size_t kEntriesMax = 8192;
// It has been there and may still be, as far as the kernel knows.
constexpr uint16_t kGood =
    NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY;

size_t bytesOf(int family) { return family == AF_INET ? 4 : 16; }

struct Question {
  nlmsghdr header;
  ndmsg neighbour;
  rtattr attribute;
  uint8_t host[16];
};

}  // namespace

Neighbours::Neighbours()
    : questions_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)),
      news_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)) {
  sockaddr_nl groups{};
  groups.nl_family = AF_NETLINK;
  groups.nl_groups = RTMGRP_NEIGH;
  if (bind(news_.fd(), reinterpret_cast<sockaddr*>(&groups), sizeof groups) != 0) news_ = File();
}

bool Neighbours::changed() {
  alignas(nlmsghdr) std::array<char, 8192> news;
  bool any = false;
  for (;;) {
    const ssize_t got = recv(news_.fd(), news.data(), news.size(), MSG_DONTWAIT);
    if (got > 0) {
      any |= follow(news.data(), static_cast<size_t>(got));
    } else if (got < 0 && errno == ENOBUFS) {
      // News that there was no room for.
      entries_.clear();
      any = true;
    } else {
      return any;
    }
  }
}

bool Neighbours::follow(const char* news, size_t size) {
  bool any = false;
  while (size >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    std::memcpy(&header, news, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > size) break;
    Key key{};
    Entry entry;
    // What has gone has no good state.
    if (read(news, header.nlmsg_len, key, entry)) {
      const auto known = entries_.find(key);
      const bool same = known != entries_.end() && known->second.known == entry.known &&
                        known->second.hardware == entry.hardware;
      if (known != entries_.end() && !same) {
        known->second = entry;
        any = true;
      }
    }
    const size_t step = std::min<size_t>(NLMSG_ALIGN(header.nlmsg_len), size);
    news += step;
    size -= step;
  }
  return any;
}

const Hardware* Neighbours::of(uint32_t interface, const Address& host) {
  const Key key = keyOf(interface, host.family(), host.bytes());
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= kEntriesMax) entries_.clear();
    found = entries_.emplace(key, ask(interface, host)).first;
  }
  return found->second.known ? &found->second.hardware : nullptr;
}

Neighbours::Entry Neighbours::ask(uint32_t interface, const Address& host) {
  const size_t bytes = bytesOf(host.family());
  Question question{};
  question.header.nlmsg_len = static_cast<uint32_t>(NLMSG_LENGTH(sizeof(ndmsg)) + RTA_LENGTH(bytes));
  question.header.nlmsg_type = RTM_GETNEIGH;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.neighbour.ndm_family = static_cast<uint8_t>(host.family());
  question.neighbour.ndm_ifindex = static_cast<int>(interface);
  question.attribute.rta_type = NDA_DST;
  question.attribute.rta_len = static_cast<uint16_t>(RTA_LENGTH(bytes));
  std::memcpy(question.host, host.bytes(), bytes);
  if (send(questions_.fd(), &question, question.header.nlmsg_len, 0) < 0) return {};
  std::array<char, 4096> answer;
  const ssize_t got = recv(questions_.fd(), answer.data(), answer.size(), 0);
  Key key{};
  Entry entry;
  if (got <= 0 || !read(answer.data(), static_cast<size_t>(got), key, entry)) return {};
  return key == keyOf(interface, host.family(), host.bytes()) ? entry : Entry{};
}

bool Neighbours::read(const char* message, size_t size, Key& key, Entry& entry) {
  nlmsghdr header;
  ndmsg neighbour;
  if (size < NLMSG_LENGTH(sizeof neighbour)) return false;
  std::memcpy(&header, message, sizeof header);
  std::memcpy(&neighbour, message + NLMSG_LENGTH(0), sizeof neighbour);
  if (header.nlmsg_type != RTM_NEWNEIGH && header.nlmsg_type != RTM_DELNEIGH) return false;
  if (neighbour.ndm_family != AF_INET && neighbour.ndm_family != AF_INET6) return false;
  bool hasHost = false;
  bool hasHardware = false;
  const size_t end = std::min<size_t>(size, header.nlmsg_len);
  for (size_t at = NLMSG_SPACE(sizeof neighbour); at + RTA_LENGTH(0) <= end;) {
    rtattr attribute;
    std::memcpy(&attribute, message + at, sizeof attribute);
    if (attribute.rta_len < RTA_LENGTH(0) || at + attribute.rta_len > end) return false;
    const auto* value = reinterpret_cast<const uint8_t*>(message + at + RTA_LENGTH(0));
    const size_t length = attribute.rta_len - RTA_LENGTH(0);
    if (attribute.rta_type == NDA_DST && length == bytesOf(neighbour.ndm_family)) {
      key = keyOf(static_cast<uint32_t>(neighbour.ndm_ifindex), neighbour.ndm_family, value);
      hasHost = true;
    }
    if (attribute.rta_type == NDA_LLADDR && length == entry.hardware.size()) {
      std::memcpy(entry.hardware.data(), value, length);
      hasHardware = true;
    }
    at += RTA_ALIGN(attribute.rta_len);
  }
  const bool isGood = header.nlmsg_type == RTM_NEWNEIGH && (neighbour.ndm_state & kGood) != 0;
  entry.known = hasHardware && isGood;
  return hasHost;
}

Neighbours::Key Neighbours::keyOf(uint32_t interface, int family, const uint8_t* host) {
  Key key{};
  std::memcpy(key.data(), &interface, sizeof interface);
  key[sizeof interface] = static_cast<uint8_t>(family);
  std::memcpy(&key[sizeof interface + 1], host, bytesOf(family));
  return key;
}

}  // namespace media
