#pragma once

#include <cstddef>
#include <cstdint>

namespace media {

// What comes by one port beside media, told apart by the first byte (RFC 7983 §7).
enum class Content : uint8_t { stun, dtls, media, other };

inline Content contentOf(const uint8_t* packet, size_t size) {
  if (size == 0) return Content::other;
  const uint8_t first = packet[0];
  if (first <= 3) return Content::stun;
  if (first >= 20 && first <= 63) return Content::dtls;
  return first >= 128 && first <= 191 ? Content::media : Content::other;
}

}  // namespace media
