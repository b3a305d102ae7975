#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace media {

// The protection profiles of SRTP (RFC 4568 §6.2, RFC 6188, RFC 7714), numbered as in the frames.
enum class SrtpSuite : uint8_t {
  none,
  aesCm128Sha1Tag80,
  aesCm128Sha1Tag32,
  aesCm256Sha1Tag80,
  aesCm256Sha1Tag32,
  aeadAes128Gcm,
  aeadAes256Gcm,
};
constexpr uint8_t kSrtpSuites = 7;

struct SrtpSuiteFacts {
  size_t keyBytes;
  size_t saltBytes;
  size_t rtpTagBytes;
  size_t rtcpTagBytes;
  bool aead;
};

const SrtpSuiteFacts& factsOf(SrtpSuite suite);

// A master key with its salt, as agreed by SDES or exported by DTLS.
struct SrtpMaster {
  SrtpSuite suite = SrtpSuite::none;
  // Which key it is, where the sender writes that into its packets (RFC 3711 §3.1): 0 bytes if not.
  uint8_t mkiBytes = 0;
  uint32_t mki = 0;
  std::array<uint8_t, 32> key{};
  std::array<uint8_t, 14> salt{};

  ~SrtpMaster();
  bool present() const { return suite != SrtpSuite::none; }
  bool operator==(const SrtpMaster& other) const;
};

// What is derived of a master key for RTP, or for RTCP (RFC 3711 §4.3).
struct SrtpSessionKeys {
  std::array<uint8_t, 32> cipher{};
  std::array<uint8_t, 20> authentication{};
  std::array<uint8_t, 14> salt{};

  ~SrtpSessionKeys();
};

enum class SrtpUse : uint8_t { rtp, rtcp };

SrtpSessionKeys derive(const SrtpMaster& master, SrtpUse use);

}  // namespace media
