#include "ethernet_frame.h"

#include <arpa/inet.h>

#include <cstring>

namespace media {

namespace {

constexpr size_t kEthernet = FrameHeaders::kEthernetBytes;
constexpr size_t kIpv4 = 20;
constexpr size_t kIpv6 = 40;
constexpr size_t kUdp = 8;
constexpr uint8_t kProtocolUdp = 17;
constexpr uint8_t kHops = 64;
constexpr uint16_t kAllOnes = 0xffff;

uint16_t word(const uint8_t* at) {
  uint16_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

void putWord(uint8_t* at, uint16_t value) { std::memcpy(at, &value, sizeof value); }

// Sums of the Internet (RFC 1071), in the byte order of the packet: its arithmetic doesn't mind.
uint64_t sumOf(const uint8_t* at, size_t size, uint64_t sum = 0) {
  for (; size >= sizeof(uint32_t); at += sizeof(uint32_t), size -= sizeof(uint32_t)) {
    uint32_t part;
    std::memcpy(&part, at, sizeof part);
    sum += part;
  }
  if (size >= sizeof(uint16_t)) {
    sum += word(at);
    at += sizeof(uint16_t);
    size -= sizeof(uint16_t);
  }
  if (size == 0) return sum;
  const uint8_t last[2] = {*at, 0};
  return sum + word(last);
}

uint16_t folded(uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

// Where UDP begins, and how much there is of it by what IP says; 0 when it is none.
struct Inner {
  size_t at = 0;
  size_t size = 0;
};

Inner readIpv4(const uint8_t* frame, RouteKey& key) {
  const uint8_t* ip = frame + kEthernet;
  const size_t length = ntohs(word(ip + 2));
  if (ip[0] != 0x45 || ip[9] != kProtocolUdp || length < kIpv4 + kUdp) return {};
  if ((ntohs(word(ip + 6)) & 0xbfff) != 0 || folded(sumOf(ip, kIpv4)) != kAllOnes) return {};
  std::memcpy(key.from, ip + 12, 4);
  std::memcpy(key.to, ip + 16, 4);
  key.version = 4;
  return {kEthernet + kIpv4, length - kIpv4};
}

Inner readIpv6(const uint8_t* frame, RouteKey& key) {
  const uint8_t* ip = frame + kEthernet;
  const size_t length = ntohs(word(ip + 4));
  if (ip[0] >> 4 != 6 || ip[6] != kProtocolUdp || length < kUdp) return {};
  std::memcpy(key.from, ip + 8, 16);
  std::memcpy(key.to, ip + 24, 16);
  key.version = 6;
  return {kEthernet + kIpv6, length};
}

// Over what stands for the addresses, all but the length; a key's ports are none of it.
uint64_t pseudoSum(const RouteKey& key) {
  const size_t bytes = key.version == 4 ? 4 : 16;
  return sumOf(key.from, bytes, sumOf(key.to, bytes)) + htons(kProtocolUdp);
}

bool summed(const uint8_t* udp, size_t size, const RouteKey& key) {
  const uint16_t given = word(udp + 6);
  // IPv6 can't do without (RFC 8200 §8.1).
  if (given == 0) return key.version == 4;
  const uint64_t pseudo = pseudoSum(key) + htons(static_cast<uint16_t>(size));
  return given == folded(pseudo) || folded(sumOf(udp, size, pseudo)) == kAllOnes;
}

void copyAddress(uint8_t* to, const Address& from) {
  std::memcpy(to, from.bytes(), from.family() == AF_INET ? 4 : 16);
}

}  // namespace

bool DatagramFrame::read(uint8_t* frame, size_t size, DatagramFrame& out) {
  out.key = {};
  Inner inner;
  if (size < kEthernet) return false;
  const uint16_t protocol = ntohs(word(frame + 12));
  if (protocol == 0x0800 && size >= kEthernet + kIpv4) inner = readIpv4(frame, out.key);
  if (protocol == 0x86dd && size >= kEthernet + kIpv6) inner = readIpv6(frame, out.key);
  // An Ethernet frame may be longer than what it carries, but not shorter.
  if (inner.at == 0 || size < inner.at + inner.size) return false;
  const uint8_t* udp = frame + inner.at;
  if (ntohs(word(udp + 4)) != inner.size || !summed(udp, inner.size, out.key)) return false;
  out.key.fromPort = word(udp);
  out.key.toPort = word(udp + 2);
  out.payload = frame + inner.at + kUdp;
  out.size = inner.size - kUdp;
  return true;
}

RouteKey keyOf(const Address& from, const Address& to) {
  RouteKey key{};
  copyAddress(key.from, from);
  copyAddress(key.to, to);
  key.fromPort = htons(from.port());
  key.toPort = htons(to.port());
  key.version = from.family() == AF_INET ? 4 : 6;
  return key;
}

FrameHeaders::FrameHeaders(const Hardware& from, const Hardware& to, const Address& local,
                           const Address& peer, uint8_t trafficClass) {
  std::memcpy(&bytes_[0], to.data(), to.size());
  std::memcpy(&bytes_[6], from.data(), from.size());
  const bool v6 = local.family() == AF_INET6;
  putWord(&bytes_[12], htons(v6 ? 0x86dd : 0x0800));
  uint8_t* ip = &bytes_[kEthernet];
  if (v6) {
    ip[0] = static_cast<uint8_t>(0x60 | trafficClass >> 4);
    ip[1] = static_cast<uint8_t>(trafficClass << 4);
    ip[6] = kProtocolUdp;
    ip[7] = kHops;
    copyAddress(ip + 8, local);
    copyAddress(ip + 24, peer);
  } else {
    // Not to be cut, and so without a number (RFC 6864 §4.1).
    ip[0] = 0x45;
    ip[1] = trafficClass;
    putWord(ip + 6, htons(0x4000));
    ip[8] = kHops;
    ip[9] = kProtocolUdp;
    copyAddress(ip + 12, local);
    copyAddress(ip + 16, peer);
    ipSum_ = sumOf(ip, kIpv4);
  }
  size_ = kEthernet + (v6 ? kIpv6 : kIpv4) + kUdp;
  uint8_t* udp = &bytes_[size_ - kUdp];
  putWord(udp, htons(local.port()));
  putWord(udp + 2, htons(peer.port()));
  udpSum_ = pseudoSum(keyOf(local, peer)) + word(udp) + word(udp + 2);
}

uint8_t* FrameHeaders::write(uint8_t* payload, size_t size) const {
  uint8_t* frame = payload - size_;
  std::memcpy(frame, bytes_.data(), size_);
  uint8_t* ip = frame + kEthernet;
  uint8_t* udp = payload - kUdp;
  const uint16_t length = htons(static_cast<uint16_t>(kUdp + size));
  if (size_ == kEthernet + kIpv4 + kUdp) {
    const uint16_t whole = htons(static_cast<uint16_t>(kIpv4 + kUdp + size));
    putWord(ip + 2, whole);
    putWord(ip + 10, static_cast<uint16_t>(~folded(ipSum_ + whole)));
  } else {
    putWord(ip + 4, length);
  }
  putWord(udp + 4, length);
  // The length is summed twice: it stands in the header, and for the addresses' part too.
  const auto sum = static_cast<uint16_t>(~folded(sumOf(payload, size, udpSum_ + 2 * uint64_t{length})));
  // 0 would say that there is none.
  putWord(udp + 6, sum == 0 ? kAllOnes : sum);
  return frame;
}

}  // namespace media
