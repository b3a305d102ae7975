// The media plane's way through the kernel: packets of RTP from a source that was agreed or learnt
// are counted, readdressed and sent on where they come in (tc ingress), before any socket sees
// them. Whatever is in doubt goes on to the sockets, which judge it: RTCP, STUN and DTLS, other
// sources, fragments, options, padding, what is malformed.
//
// Built by clang at installation, read by native/src/bpf_object.cc, attached by
// native/src/kernel_path.cc.

#include <linux/bpf.h>

#include "../src/kernel_route.h"

#define SECTION(name) __attribute__((section(name), used))

// The loader puts the maps in their places.
extern int routes;
extern int accounts;

static void* (*const lookUp)(void* map, const void* key) = (void*)BPF_FUNC_map_lookup_elem;
static uint64_t (*const clockNs)(void) = (void*)BPF_FUNC_ktime_get_ns;
static long (*const pull)(struct __sk_buff*, uint32_t size) = (void*)BPF_FUNC_skb_pull_data;
static long (*const load)(const void*, uint32_t at, void* to, uint32_t size) =
    (void*)BPF_FUNC_skb_load_bytes;
static long (*const store)(struct __sk_buff*, uint32_t at, const void* from, uint32_t size,
                           uint64_t flags) = (void*)BPF_FUNC_skb_store_bytes;
static long (*const changeFamily)(struct __sk_buff*, uint16_t protocol, uint64_t flags) =
    (void*)BPF_FUNC_skb_change_proto;
static int64_t (*const sumOf)(const void* from, uint32_t fromSize, const void* to, uint32_t toSize,
                              uint32_t seed) = (void*)BPF_FUNC_csum_diff;
static long (*const mendSum)(struct __sk_buff*, uint32_t at, uint64_t from, uint64_t to,
                             uint64_t flags) = (void*)BPF_FUNC_l4_csum_replace;
static long (*const sendOn)(uint32_t interface, const struct bpf_redir_neigh*, int size,
                            uint64_t flags) = (void*)BPF_FUNC_redirect_neigh;

enum {
  // On to whoever is next, in the end the sockets.
  kToSockets = -1,
  // Spoilt by us, and so nobody's.
  kDrop = 2,
  kPacketForUs = 0,
  kEthernet = 14,
  // Ethernet's, IPv6's, UDP's and RTP's.
  kHeadersMax = 74,
  kUdp = 8,
  kRtp = 12,
  kProtocolUdp = 17,
  kHops = 64,
  kInet = 2,
  kInet6 = 10,
};

struct Ipv4 {
  uint8_t versionAndLength, trafficClass;
  uint16_t length, id, fragment;
  uint8_t hops, protocol;
  uint16_t sum;
  uint8_t from[4], to[4];
};

struct Ipv6 {
  uint8_t first[4];
  uint16_t length;
  uint8_t next, hops;
  uint8_t from[16], to[16];
};

struct Ports {
  uint16_t from, to;
};

struct Udp {
  struct Ports ports;
  uint16_t length, sum;
};

// What is written anew of a packet, behind Ethernet's header.
struct Head4 {
  struct Ipv4 ip;
  struct Ports ports;
};

struct Head6 {
  struct Ipv6 ip;
  struct Ports ports;
};

// Where things lie in this packet.
struct Layout {
  uint32_t version;
  // Of the headers before UDP's.
  uint32_t udpAt;
  uint32_t udpLength;
  uint32_t isSummed;
};

#define SWAPPED(value) ((uint16_t)__builtin_bswap16(value))
#define ON_WORDS __attribute__((aligned(8)))
#define TYPE_IPV4 SWAPPED(0x0800)
#define TYPE_IPV6 SWAPPED(0x86dd)

MEDIA_INLINE void copy4(uint8_t* to, const uint8_t* from) {
  *(uint32_t*)to = *(const uint32_t*)from;
}

MEDIA_INLINE void copy16(uint8_t* to, const uint8_t* from) {
  for (int i = 0; i < 16; i += 4) copy4(to + i, from + i);
}

MEDIA_INLINE uint16_t folded(uint64_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)sum;
}

MEDIA_INLINE uint16_t headerSum(const struct Ipv4* ip) {
  const uint16_t* words = (const uint16_t*)ip;
  uint64_t sum = 0;
  for (int i = 0; i < (int)sizeof *ip / 2; i++) sum += words[i];
  return folded(sum);
}

// Nonzero when the packet is one that a route may be for, told by `key`.
MEDIA_INLINE int readAddresses(struct __sk_buff* packet, struct RouteKey* key,
                               struct Layout* layout) {
  const uint8_t* data = (const uint8_t*)(long)packet->data;
  const uint8_t* end = (const uint8_t*)(long)packet->data_end;
  const uint8_t* at = data + kEthernet;
  if (packet->protocol == TYPE_IPV4) {
    const struct Ipv4* ip = (const struct Ipv4*)at;
    if (at + sizeof *ip + kUdp > end) return 0;
    // No options, no fragment, unspoilt.
    if (ip->versionAndLength != 0x45 || ip->protocol != kProtocolUdp) return 0;
    if ((ip->fragment & SWAPPED(0xbfff)) != 0 || headerSum(ip) != 0xffff) return 0;
    copy4(key->from, ip->from);
    copy4(key->to, ip->to);
    layout->version = 4;
    layout->udpAt = kEthernet + sizeof *ip;
    layout->udpLength = SWAPPED(ip->length) - (uint32_t)sizeof *ip;
  } else if (packet->protocol == TYPE_IPV6) {
    const struct Ipv6* ip = (const struct Ipv6*)at;
    if (at + sizeof *ip + kUdp > end || ip->next != kProtocolUdp) return 0;
    copy16(key->from, ip->from);
    copy16(key->to, ip->to);
    layout->version = 6;
    layout->udpAt = kEthernet + sizeof *ip;
    layout->udpLength = SWAPPED(ip->length);
  } else {
    return 0;
  }
  struct Udp udp;
  if (load(packet, layout->udpAt, &udp, sizeof udp) != 0) return 0;
  if (SWAPPED(udp.length) != layout->udpLength) return 0;
  // An Ethernet frame may be longer than what it carries, but not shorter.
  if (layout->udpLength < kUdp + kRtp || packet->len < layout->udpAt + layout->udpLength) return 0;
  // IPv6 can't do without (RFC 8200 §8.1).
  if (udp.sum == 0 && layout->version == 6) return 0;
  layout->isSummed = udp.sum != 0;
  key->fromPort = udp.ports.from;
  key->toPort = udp.ports.to;
  key->version = layout->version;
  return 1;
}

// Nonzero for a sound packet of RTP (RFC 3550 §A.1; RFC 5761 §4 tells RTCP apart).
MEDIA_INLINE int readRtp(struct __sk_buff* packet, const struct Layout* layout,
                         const struct FormatTable* formats, struct RtpFacts* facts) {
  uint8_t header[kRtp];
  const uint32_t at = layout->udpAt + kUdp;
  const uint32_t size = layout->udpLength - kUdp;
  if (load(packet, at, header, sizeof header) != 0) return 0;
  // Version 2, and no padding: its length would have to be looked at.
  if ((header[0] & 0xe0) != 0x80 || (header[1] >= 192 && header[1] <= 223)) return 0;
  uint32_t length = kRtp + 4 * (header[0] & 0x0f);
  if (header[0] & 0x10) {
    uint8_t extension[4];
    if (load(packet, at + length, extension, sizeof extension) != 0) return 0;
    length += 4 + 4 * ((uint32_t)extension[2] << 8 | extension[3]);
  }
  if (length > size) return 0;
  facts->payloadType = header[1] & 0x7f;
  facts->number = (uint16_t)(header[2] << 8 | header[3]);
  facts->timestamp = __builtin_bswap32(*(uint32_t*)&header[4]);
  facts->ssrc = __builtin_bswap32(*(uint32_t*)&header[8]);
  facts->event = 0x100;
  if (formats->types[facts->payloadType] >> kUseShift == kUseEvents && length < size) {
    uint8_t event;
    if (load(packet, at + length, &event, 1) != 0) return 0;
    facts->event = event;
  }
  return 1;
}

// The checksum of UDP covers the addresses; 0 stays 0, which is none.
MEDIA_INLINE int mendUdpSum(struct __sk_buff* packet, const struct Layout* layout,
                            struct RouteKey* key, const struct Route* route) {
  enum { kSumAt = 6 };
  struct {
    uint8_t from[16], to[16];
  } addresses;
  copy16(addresses.from, route->from);
  copy16(addresses.to, route->to);
  const uint32_t at = layout->udpAt + kSumAt;
  // `from` stands behind `to` in a key, which makes no difference to a sum.
  const int64_t moved = sumOf(key, 32, &addresses, 32, 0);
  const uint32_t portsBefore = key->fromPort + key->toPort;
  const uint32_t portsAfter = route->fromPort + route->toPort;
  // The difference of sums of 16 bits, as one that is added.
  const uint16_t ports = folded((uint64_t)portsAfter + (uint16_t)~folded(portsBefore));
  if (mendSum(packet, at, 0, (uint64_t)moved, BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0) != 0)
    return 0;
  return mendSum(packet, at, 0, ports, BPF_F_MARK_MANGLED_0) == 0;
}

MEDIA_INLINE uint32_t headerOf(uint32_t version) {
  return version == 4 ? sizeof(struct Ipv4) : sizeof(struct Ipv6);
}

// Nonzero when the packet may leave as one of the route's family.
MEDIA_INLINE int mayLeave(const struct Layout* layout, const struct Route* route) {
  // IPv6 wants a checksum, and making one is the sockets'.
  if (route->version == 6 && !layout->isSummed) return 0;
  return headerOf(route->version) + layout->udpLength <= route->mtu;
}

// The header of the other family in place of this one's, as yet without contents. Ethernet's own
// says still what it was: it is written when the packet leaves.
MEDIA_INLINE int cross(struct __sk_buff* packet, struct Layout* layout, uint32_t version) {
  if (layout->version == version) return 1;
  if (changeFamily(packet, version == 4 ? TYPE_IPV4 : TYPE_IPV6, 0) != 0) return 0;
  layout->version = version;
  layout->udpAt = kEthernet + headerOf(version);
  return 1;
}

// As our own sockets send it. The flag keeps the sum right that some cards make of a whole packet.
MEDIA_INLINE int readdress4(struct __sk_buff* packet, const struct Layout* layout,
                            const struct Route* route) {
  struct Head4 head ON_WORDS = {};
  head.ip.versionAndLength = 0x45;
  head.ip.trafficClass = route->trafficClass;
  head.ip.length = SWAPPED(sizeof head.ip + layout->udpLength);
  // Not to be cut, and so without a number (RFC 6864 §4.1).
  head.ip.fragment = SWAPPED(0x4000);
  head.ip.hops = kHops;
  head.ip.protocol = kProtocolUdp;
  copy4(head.ip.from, route->from);
  copy4(head.ip.to, route->to);
  head.ip.sum = (uint16_t)~headerSum(&head.ip);
  head.ports.from = route->fromPort;
  head.ports.to = route->toPort;
  return store(packet, kEthernet, &head, sizeof head, BPF_F_RECOMPUTE_CSUM) == 0;
}

MEDIA_INLINE int readdress6(struct __sk_buff* packet, const struct Layout* layout,
                            const struct Route* route) {
  struct Head6 head ON_WORDS = {};
  head.ip.first[0] = (uint8_t)(0x60 | route->trafficClass >> 4);
  head.ip.first[1] = (uint8_t)(route->trafficClass << 4);
  head.ip.length = SWAPPED(layout->udpLength);
  head.ip.next = kProtocolUdp;
  head.ip.hops = kHops;
  copy16(head.ip.from, route->from);
  copy16(head.ip.to, route->to);
  head.ports.from = route->fromPort;
  head.ports.to = route->toPort;
  return store(packet, kEthernet, &head, sizeof head, BPF_F_RECOMPUTE_CSUM) == 0;
}

MEDIA_INLINE int passOn(const struct Route* route, uint32_t version) {
  struct bpf_redir_neigh hop = {};
  hop.nh_family = version == 4 ? kInet : kInet6;
  copy16((uint8_t*)hop.ipv6_nh, route->via);
  return (int)sendOn(route->interface, &hop, sizeof hop, 0);
}

SECTION("tc")
int relay(struct __sk_buff* packet) {
  struct RouteKey key = {};
  struct Layout layout = {};
  struct RtpFacts facts = {};
  // A packet of another host's, of a VLAN (its own interface has it next), or of several in one.
  if (packet->pkt_type != kPacketForUs || packet->vlan_present || packet->gso_size != 0)
    return kToSockets;
  // A card may leave the headers scattered.
  if ((const uint8_t*)(long)packet->data + kHeadersMax > (const uint8_t*)(long)packet->data_end)
    pull(packet, packet->len < kHeadersMax ? packet->len : kHeadersMax);
  if (!readAddresses(packet, &key, &layout)) return kToSockets;
  const struct Route* route = lookUp(&routes, &key);
  if (!route) return kToSockets;
  struct Account* account = lookUp(&accounts, &route->account);
  if (!account) return kToSockets;
  if (!mayLeave(&layout, route)) return kToSockets;
  if (!readRtp(packet, &layout, &account->formats, &facts)) return kToSockets;
  if (!cross(packet, &layout, route->version)) return kToSockets;
  if (!mendUdpSum(packet, &layout, &key, route)) return kDrop;
  if (route->version == 4 ? !readdress4(packet, &layout, route)
                          : !readdress6(packet, &layout, route))
    return kDrop;
  const int64_t now = (int64_t)clockNs();
  countPacket(&account->quality, &account->formats, &facts, now);
  account->lastNs = now;
  __sync_fetch_and_add(&account->packets, 1);
  __sync_fetch_and_add(&account->bytes, layout.udpLength - kUdp);
  return passOn(route, layout.version);
}
