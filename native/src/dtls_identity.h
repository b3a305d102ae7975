#pragma once

#include <openssl/types.h>

#include <array>
#include <cstdint>

#include "fingerprint.h"

namespace media {

// What a peer's certificate has to be, and what it was.
struct PeerProof {
  enum class Verdict : uint8_t { none, right, wrong };

  Fingerprints expected;
  // What a ClientHello has to repeat, where its sender has to show that it can hear us.
  std::array<uint8_t, 16> cookie{};
  Verdict verdict = Verdict::none;
};

// Who we are in DTLS: a key and a self-signed certificate of this start, and the rules that every
// association keeps.
class DtlsIdentity {
 public:
  DtlsIdentity();
  ~DtlsIdentity();
  DtlsIdentity(const DtlsIdentity&) = delete;
  DtlsIdentity& operator=(const DtlsIdentity&) = delete;

  // `none` when the runtime's OpenSSL couldn't make an identity.
  Fingerprint fingerprint(FingerprintHash hash = FingerprintHash::sha256) const;
  // The state of a new association, whose peer will be judged by `proof`; nullptr when there is
  // no identity. The caller frees it, before the proof goes.
  SSL* open(PeerProof& proof) const;

 private:
  SSL_CTX* const context_;
  bool usable_ = false;
};

}  // namespace media
