#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rtp.h"
#include "srtp_cipher.h"

namespace media {

// What stays readable of RTCP: the first header and its sender (RFC 3711 §3.4).
constexpr size_t kRtcpReadable = 8;
// The E flag and the index behind an RTCP packet.
constexpr size_t kRtcpTrailer = 4;
constexpr uint32_t kRtcpEncrypted = 0x80000000;
// By so much a protected packet may be longer: a tag of 16 bytes, RTCP's index.
constexpr size_t kSrtpGrowth = 20;
// More sources than one stream has in its life. None is ever forgotten: what was played once
// could be played again, and a counter that began anew would use its key stream twice.
constexpr size_t kSrtpSourcesMax = 256;

inline void write32(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 24);
  at[1] = static_cast<uint8_t>(value >> 16);
  at[2] = static_cast<uint8_t>(value >> 8);
  at[3] = static_cast<uint8_t>(value);
}

// What follows an authenticated RTP packet unsent: its rollover counter (RFC 3711 §4.2).
inline std::array<uint8_t, 4> rolloverOf(uint64_t index) {
  std::array<uint8_t, 4> bytes;
  write32(bytes.data(), static_cast<uint32_t>(index >> 16));
  return bytes;
}

}  // namespace media
