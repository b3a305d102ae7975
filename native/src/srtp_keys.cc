#include "srtp_keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstring>
#include <memory>

namespace media {

namespace {

constexpr SrtpSuiteFacts kFacts[kSrtpSuites] = {
    {0, 0, 0, 0, false},   {16, 14, 10, 10, false}, {16, 14, 4, 10, false}, {32, 14, 10, 10, false},
    {32, 14, 4, 10, false}, {16, 12, 16, 16, true},  {32, 12, 16, 16, true},
};

// Where the label stands in the salt: the key id is its last seven bytes (RFC 3711 §4.3.1).
constexpr size_t kLabelAt = 7;

struct Label {
  static constexpr uint8_t cipher = 0;
  static constexpr uint8_t authentication = 1;
  static constexpr uint8_t salt = 2;
  static constexpr uint8_t rtcp = 3;
};

// The pseudo-random function: AES in counter mode from a place that the label chooses.
void deriveOne(const SrtpMaster& master, uint8_t label, uint8_t* out, size_t size) {
  uint8_t counter[16] = {};
  std::memcpy(counter, master.salt.data(), master.salt.size());
  counter[kLabelAt] ^= label;
  const bool wide = factsOf(master.suite).keyBytes == 32;
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context(EVP_CIPHER_CTX_new(),
                                                                            EVP_CIPHER_CTX_free);
  EVP_EncryptInit_ex(context.get(), wide ? EVP_aes_256_ctr() : EVP_aes_128_ctr(), nullptr,
                     master.key.data(), counter);
  std::memset(out, 0, size);
  int written = 0;
  EVP_EncryptUpdate(context.get(), out, &written, out, static_cast<int>(size));
}

}  // namespace

const SrtpSuiteFacts& factsOf(SrtpSuite suite) { return kFacts[static_cast<size_t>(suite)]; }

SrtpMaster::~SrtpMaster() {
  OPENSSL_cleanse(key.data(), key.size());
  OPENSSL_cleanse(salt.data(), salt.size());
}

bool SrtpMaster::operator==(const SrtpMaster& other) const {
  return suite == other.suite && mkiBytes == other.mkiBytes && mki == other.mki &&
         CRYPTO_memcmp(key.data(), other.key.data(), key.size()) == 0 &&
         CRYPTO_memcmp(salt.data(), other.salt.data(), salt.size()) == 0;
}

SrtpSessionKeys::~SrtpSessionKeys() {
  OPENSSL_cleanse(cipher.data(), cipher.size());
  OPENSSL_cleanse(authentication.data(), authentication.size());
  OPENSSL_cleanse(salt.data(), salt.size());
}

SrtpSessionKeys derive(const SrtpMaster& master, SrtpUse use) {
  const uint8_t from = use == SrtpUse::rtcp ? Label::rtcp : 0;
  const SrtpSuiteFacts& facts = factsOf(master.suite);
  SrtpSessionKeys keys;
  deriveOne(master, from + Label::cipher, keys.cipher.data(), facts.keyBytes);
  if (!facts.aead)
    deriveOne(master, from + Label::authentication, keys.authentication.data(),
              keys.authentication.size());
  deriveOne(master, from + Label::salt, keys.salt.data(), facts.saltBytes);
  return keys;
}

}  // namespace media
