// SHA-1's own functions keep the state after HMAC's pads; the newer interface copies far more.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "srtp_cipher.h"

#include <openssl/crypto.h>

#include <cstring>

namespace media {

namespace {

constexpr size_t kTagBytes = 16;

const EVP_CIPHER* cipherOf(const SrtpSuiteFacts& facts) {
  const bool wide = facts.keyBytes == 32;
  if (facts.aead) return wide ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
  return wide ? EVP_aes_256_ctr() : EVP_aes_128_ctr();
}

void vouch(EVP_CIPHER_CTX* context, Bytes known) {
  int written = 0;
  if (known.size > 0) {
    EVP_CipherUpdate(context, nullptr, &written, known.at, static_cast<int>(known.size));
  }
}

// Mixes the last `bytes` bytes of a number into what stands at `into`.
void mix(uint8_t* into, uint64_t value, size_t bytes) {
  for (size_t i = bytes; i > 0; i--, value >>= 8) into[i - 1] ^= static_cast<uint8_t>(value);
}

}  // namespace

SrtpCipher::SrtpCipher(SrtpSuite suite, const SrtpSessionKeys& keys, SrtpUse use)
    : context_(EVP_CIPHER_CTX_new()),
      opening_(factsOf(suite).aead ? EVP_CIPHER_CTX_new() : nullptr),
      salt_(keys.salt),
      use_(use) {
  const SrtpSuiteFacts& facts = factsOf(suite);
  EVP_EncryptInit_ex(context_, cipherOf(facts), nullptr, keys.cipher.data(), nullptr);
  if (facts.aead) EVP_DecryptInit_ex(opening_, cipherOf(facts), nullptr, keys.cipher.data(), nullptr);
  inner_ = afterPad(keys.authentication, 0x36);
  outer_ = afterPad(keys.authentication, 0x5c);
}

SrtpCipher::~SrtpCipher() {
  EVP_CIPHER_CTX_free(context_);
  EVP_CIPHER_CTX_free(opening_);
  OPENSSL_cleanse(salt_.data(), salt_.size());
  OPENSSL_cleanse(inner_.data(), sizeof inner_);
  OPENSSL_cleanse(outer_.data(), sizeof outer_);
}

SrtpCipher::HashState SrtpCipher::afterPad(const std::array<uint8_t, 20>& key, uint8_t pad) {
  uint8_t block[SHA_CBLOCK];
  std::memset(block, pad, sizeof block);
  for (size_t i = 0; i < key.size(); i++) block[i] ^= key[i];
  SHA_CTX sha;
  SHA1_Init(&sha);
  SHA1_Update(&sha, block, sizeof block);
  const HashState state{sha.h0, sha.h1, sha.h2, sha.h3, sha.h4};
  OPENSSL_cleanse(block, sizeof block);
  OPENSSL_cleanse(&sha, sizeof sha);
  return state;
}

SHA_CTX SrtpCipher::resume(const HashState& state) {
  SHA_CTX sha;
  sha.h0 = state[0];
  sha.h1 = state[1];
  sha.h2 = state[2];
  sha.h3 = state[3];
  sha.h4 = state[4];
  // One block was hashed, counted in bits; nothing waits for its block to fill.
  sha.Nl = 8 * SHA_CBLOCK;
  sha.Nh = 0;
  sha.num = 0;
  return sha;
}

void SrtpCipher::crypt(Bytes text, uint32_t ssrc, uint64_t index) {
  std::array<uint8_t, 16> counter{};
  std::memcpy(counter.data(), salt_.data(), salt_.size());
  mix(&counter[4], ssrc, 4);
  mix(&counter[8], index, 6);
  EVP_EncryptInit_ex(context_, nullptr, nullptr, nullptr, counter.data());
  int written = 0;
  EVP_EncryptUpdate(context_, text.at, &written, text.at, static_cast<int>(text.size));
}

std::array<uint8_t, 20> SrtpCipher::tag(Bytes packet, const uint8_t* more, size_t moreSize) const {
  std::array<uint8_t, 20> digest;
  SHA_CTX sha = resume(inner_);
  SHA1_Update(&sha, packet.at, packet.size);
  SHA1_Update(&sha, more, moreSize);
  SHA1_Final(digest.data(), &sha);
  sha = resume(outer_);
  SHA1_Update(&sha, digest.data(), digest.size());
  SHA1_Final(digest.data(), &sha);
  return digest;
}

// RFC 7714 §8.1 and §9.1: what is mixed into the salt stands at another place for RTCP.
std::array<uint8_t, 12> SrtpCipher::nonce(uint32_t ssrc, uint64_t index) const {
  std::array<uint8_t, 12> nonce;
  std::memcpy(nonce.data(), salt_.data(), nonce.size());
  mix(&nonce[2], ssrc, 4);
  if (use_ == SrtpUse::rtp) mix(&nonce[6], index, 6);
  else mix(&nonce[8], index, 4);
  return nonce;
}

void SrtpCipher::seal(Bytes known, Bytes knownToo, Bytes text, uint8_t* tag, uint32_t ssrc,
                      uint64_t index) {
  int written = 0;
  EVP_EncryptInit_ex(context_, nullptr, nullptr, nullptr, nonce(ssrc, index).data());
  vouch(context_, known);
  vouch(context_, knownToo);
  EVP_EncryptUpdate(context_, text.at, &written, text.at, static_cast<int>(text.size));
  EVP_EncryptFinal_ex(context_, text.at + text.size, &written);
  EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag);
}

bool SrtpCipher::open(Bytes known, Bytes knownToo, Bytes text, const uint8_t* tag, uint32_t ssrc,
                      uint64_t index) {
  int written = 0;
  const auto iv = nonce(ssrc, index);
  EVP_DecryptInit_ex(opening_, nullptr, nullptr, nullptr, iv.data());
  vouch(opening_, known);
  vouch(opening_, knownToo);
  EVP_DecryptUpdate(opening_, text.at, &written, text.at, static_cast<int>(text.size));
  EVP_CIPHER_CTX_ctrl(opening_, EVP_CTRL_AEAD_SET_TAG, kTagBytes, const_cast<uint8_t*>(tag));
  if (EVP_DecryptFinal_ex(opening_, text.at + text.size, &written) > 0) return true;
  // Encrypting again undoes it: another rollover counter may yet be the right one.
  EVP_EncryptInit_ex(context_, nullptr, nullptr, nullptr, iv.data());
  EVP_EncryptUpdate(context_, text.at, &written, text.at, static_cast<int>(text.size));
  return false;
}

}  // namespace media
