#pragma once

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace media {

// The hashes of a certificate that SDP may name (RFC 8122 §5), numbered as in the frames. SHA-1
// is none: a second certificate of the same hash can be made.
enum class FingerprintHash : uint8_t { none, sha256, sha384, sha512 };
constexpr uint8_t kFingerprintHashes = 4;

struct Fingerprint {
  FingerprintHash hash = FingerprintHash::none;
  std::array<uint8_t, 64> bytes{};

  bool operator==(const Fingerprint&) const = default;
  // As SDP has it, without the hash's name.
  std::string text() const;
};

constexpr size_t kFingerprintsMax = 8;
using Fingerprints = std::vector<Fingerprint>;

size_t bytesOf(FingerprintHash hash);

// `none` when the certificate can't be read.
Fingerprint fingerprintOf(const X509* certificate, FingerprintHash hash);

// Whether the certificate is one of these, by the strongest hash among them (RFC 8122 §5).
bool names(const Fingerprints& fingerprints, const X509* certificate);

}  // namespace media
