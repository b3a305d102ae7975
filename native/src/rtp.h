#pragma once

#include <cstddef>
#include <cstdint>

namespace media {

// RTCP's packet types are kept apart from RTP's payload types, marker bit and all
// (RFC 5761 §4): the second byte tells the two apart on one port.
inline bool isRtcpType(uint8_t secondByte) { return secondByte >= 192 && secondByte <= 223; }

// How long the header is, with sources and extension; 0 when it isn't one or doesn't fit. That much
// is readable of SRTP too.
size_t rtpHeaderSize(const uint8_t* packet, size_t size);

// The header of RTP as far as one can judge it without knowing the codec (RFC 3550 §A.1).
bool validRtp(const uint8_t* packet, size_t size);

// A compound packet whose parts fill it exactly (RFC 3550 §A.2), or a reduced-size one
// (RFC 5506 §3.4.2: any type may come first).
bool validRtcp(const uint8_t* packet, size_t size);

inline uint32_t read32(const uint8_t* at) {
  return static_cast<uint32_t>(at[0]) << 24 | static_cast<uint32_t>(at[1]) << 16 |
         static_cast<uint32_t>(at[2]) << 8 | at[3];
}

inline uint8_t payloadTypeOf(const uint8_t* rtp) { return rtp[1] & 0x7f; }

inline uint16_t sequenceOf(const uint8_t* rtp) {
  return static_cast<uint16_t>(rtp[2] << 8 | rtp[3]);
}

inline uint32_t timestampOf(const uint8_t* rtp) { return read32(rtp + 4); }

inline uint32_t ssrcOf(const uint8_t* rtp) { return read32(rtp + 8); }

}  // namespace media
