#pragma once

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "srtp_keys.h"

namespace media {

// A place in a packet.
struct Bytes {
  uint8_t* at;
  size_t size;
};

// The session keys of RTP or of RTCP, made ready: no packet derives or schedules a key.
class SrtpCipher {
 public:
  SrtpCipher(SrtpSuite suite, const SrtpSessionKeys& keys, SrtpUse use);
  ~SrtpCipher();
  SrtpCipher(const SrtpCipher&) = delete;
  SrtpCipher& operator=(const SrtpCipher&) = delete;

  // Counter mode (RFC 3711 §4.1.1): the same call encrypts and decrypts.
  void crypt(Bytes text, uint32_t ssrc, uint64_t index);
  // HMAC-SHA1 of the packet and what follows it unsent, the rollover counter (RFC 3711 §4.2).
  std::array<uint8_t, 20> tag(Bytes packet, const uint8_t* more, size_t moreSize) const;

  // AEAD (RFC 7714): `known` and `knownToo` are vouched for and stay readable.
  void seal(Bytes known, Bytes knownToo, Bytes text, uint8_t* tag, uint32_t ssrc, uint64_t index);
  // False when the tag is wrong: the text is then what it was.
  bool open(Bytes known, Bytes knownToo, Bytes text, const uint8_t* tag, uint32_t ssrc,
            uint64_t index);

 private:
  std::array<uint8_t, 12> nonce(uint32_t ssrc, uint64_t index) const;

  // SHA-1 after one block: five words of its context, the rest of which is always the same.
  using HashState = std::array<SHA_LONG, 5>;

  static HashState afterPad(const std::array<uint8_t, 20>& key, uint8_t pad);
  static SHA_CTX resume(const HashState& state);

  EVP_CIPHER_CTX* const context_;
  // For AEAD, which OpenSSL does in one direction at a time.
  EVP_CIPHER_CTX* const opening_;
  // What HMAC begins with for each packet: hundreds of keys are in turn, and each packet finds its
  // own where caches have long forgotten it, so that it is kept small.
  HashState inner_;
  HashState outer_;
  std::array<uint8_t, 14> salt_;
  const SrtpUse use_;
};

}  // namespace media
