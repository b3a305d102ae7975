// The media plane's way past the network stack: packets of RTP (or SRTP) of the sources that the
// plane names go to its AF_XDP sockets, as they came in. All else goes on to the stack and there to
// the plane's other sockets: RTCP, STUN and DTLS, other sources, fragments, options, what is
// malformed or too long. The plane looks again at all that it is handed.
//
// Built by clang at installation, read by native/src/bpf_object.cc, attached by
// native/src/xdp_ports.cc.

#include <linux/bpf.h>

#include "../src/kernel_steering.h"

#define SECTION(name) __attribute__((section(name), used))

// The loader puts the maps in their places.
extern int steered;
extern int queues;

static void* (*const lookUp)(void* map, const void* key) = (void*)BPF_FUNC_map_lookup_elem;
static long (*const handOver)(void* map, uint64_t number, uint64_t otherwise) =
    (void*)BPF_FUNC_redirect_map;

enum {
  kProtocolUdp = 17,
  // What says so much of RTP that it is none of the others.
  kRtpStart = 2,
};

struct Ethernet {
  uint8_t to[6], from[6];
  uint16_t protocol;
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

struct Udp {
  uint16_t from, to, length, sum;
};

#define SWAPPED(value) ((uint16_t)__builtin_bswap16(value))

MEDIA_INLINE void copyWords(void* to, const void* from, int words) {
  for (int i = 0; i < words; i++) ((uint16_t*)to)[i] = ((const uint16_t*)from)[i];
}

MEDIA_INLINE int sameHardware(const uint8_t* one, const uint8_t* other) {
  const uint16_t* a = (const uint16_t*)one;
  const uint16_t* b = (const uint16_t*)other;
  return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2])) == 0;
}

// Nonzero for a whole datagram that may be RTP; `key` is then whose.
MEDIA_INLINE int readUdp(const uint8_t* at, const uint8_t* end, uint32_t length,
                         struct RouteKey* key) {
  const struct Udp* udp = (const struct Udp*)at;
  const uint8_t* rtp = (const uint8_t*)(udp + 1);
  if (rtp + kRtpStart > end || SWAPPED(udp->length) != length) return 0;
  // Version 2, and none of RTCP's types (RFC 5761 §4).
  if (rtp[0] >> 6 != 2 || (rtp[1] >= 192 && rtp[1] <= 223)) return 0;
  key->fromPort = udp->from;
  key->toPort = udp->to;
  return 1;
}

MEDIA_INLINE int readPacket(const struct Ethernet* frame, const uint8_t* end,
                            struct RouteKey* key) {
  if (frame->protocol == SWAPPED(0x0800)) {
    const struct Ipv4* ip = (const struct Ipv4*)(frame + 1);
    if ((const uint8_t*)(ip + 1) > end) return 0;
    if (ip->versionAndLength != 0x45 || ip->protocol != kProtocolUdp) return 0;
    if ((ip->fragment & SWAPPED(0xbfff)) != 0) return 0;
    copyWords(key->from, ip->from, 2);
    copyWords(key->to, ip->to, 2);
    key->version = 4;
    return readUdp((const uint8_t*)(ip + 1), end, SWAPPED(ip->length) - (uint32_t)sizeof *ip, key);
  }
  if (frame->protocol == SWAPPED(0x86dd)) {
    const struct Ipv6* ip = (const struct Ipv6*)(frame + 1);
    if ((const uint8_t*)(ip + 1) > end || ip->next != kProtocolUdp) return 0;
    copyWords(key->from, ip->from, 8);
    copyWords(key->to, ip->to, 8);
    key->version = 6;
    return readUdp((const uint8_t*)(ip + 1), end, SWAPPED(ip->length), key);
  }
  return 0;
}

SECTION("xdp")
int steer(struct xdp_md* packet) {
  const struct Ethernet* frame = (const struct Ethernet*)(long)packet->data;
  const uint8_t* end = (const uint8_t*)(long)packet->data_end;
  struct RouteKey key = {};
  if ((const uint8_t*)(frame + 1) > end || (const uint8_t*)frame + kSteeredBytesMax < end)
    return XDP_PASS;
  if (!readPacket(frame, end, &key)) return XDP_PASS;
  const struct Steering* to = lookUp(&steered, &key);
  if (!to || to->interface != packet->ingress_ifindex) return XDP_PASS;
  if (packet->rx_queue_index >= to->queues || !sameHardware(frame->to, to->hardware))
    return XDP_PASS;
  return (int)handOver(&queues, to->first + packet->rx_queue_index, XDP_PASS);
}
