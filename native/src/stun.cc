#include "stun.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstring>

namespace media {

namespace {

constexpr uint16_t kBinding = 0x001;
constexpr std::array<uint8_t, 4> kCookie = {0x21, 0x12, 0xa4, 0x42};
constexpr size_t kAttributeHeader = 4;
constexpr size_t kIntegrityBytes = 20;
constexpr size_t kFingerprintBytes = 4;
constexpr uint32_t kFingerprintMask = 0x5354554e;
constexpr uint8_t kFamilyV4 = 1;
constexpr uint8_t kFamilyV6 = 2;
// From here on one may pass over what one doesn't know (RFC 8489 §14).
constexpr uint16_t kOptionalFrom = 0x8000;

uint16_t get16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }

uint64_t getNumber(const uint8_t* at, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; i++) value = value << 8 | at[i];
  return value;
}

void putNumber(uint8_t* at, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) at[i] = static_cast<uint8_t>(value >> (8 * (bytes - 1 - i)));
}

constexpr size_t padded(size_t length) { return (length + 3) & ~size_t{3}; }

constexpr std::array<uint32_t, 256> crcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++) value = value >> 1 ^ (value & 1 ? 0xedb88320 : 0);
    table[i] = value;
  }
  return table;
}

uint32_t crc32(const uint8_t* bytes, size_t size) {
  static constexpr std::array<uint32_t, 256> table = crcTable();
  uint32_t value = 0xffffffff;
  for (size_t i = 0; i < size; i++) value = table[(value ^ bytes[i]) & 0xff] ^ value >> 8;
  return ~value;
}

// The class is spread over two bits of the type (RFC 8489 §5).
uint16_t typeOf(StunClass kind) {
  const auto bits = static_cast<uint16_t>(kind);
  return static_cast<uint16_t>(kBinding | (bits & 1) << 4 | (bits & 2) << 7);
}

bool readType(uint16_t type, StunClass& kind) {
  kind = static_cast<StunClass>((type >> 4 & 1) | (type >> 7 & 2));
  return type == typeOf(kind);
}

// The mask of an address: the cookie, and for IPv6 the transaction behind it (RFC 8489 §14.2).
void maskAddress(uint8_t* address, size_t size, const uint8_t* cookieAndTransaction) {
  for (size_t i = 0; i < size; i++) address[i] ^= cookieAndTransaction[i];
}

Address readMapped(const uint8_t* value, size_t length, const uint8_t* packet) {
  const size_t size = length - std::min<size_t>(length, 4);
  const bool v4 = length >= 4 && value[1] == kFamilyV4 && size == 4;
  const bool v6 = length >= 4 && value[1] == kFamilyV6 && size == 16;
  if (!v4 && !v6) return Address();
  uint8_t bytes[16];
  std::memcpy(bytes, value + 4, size);
  maskAddress(bytes, size, packet + 4);
  const auto port = static_cast<uint16_t>(get16(value + 2) ^ get16(kCookie.data()));
  return Address::fromBytes(bytes, size, port);
}

// The HMAC over what stands before the attribute, with a length that ends behind it
// (RFC 8489 §14.5).
std::array<uint8_t, kIntegrityBytes> integrityOf(const uint8_t* packet, size_t at,
                                                 std::string_view password) {
  std::array<uint8_t, kStunBytesMax> text;
  std::memcpy(text.data(), packet, at);
  putNumber(text.data() + 2, at + kAttributeHeader + kIntegrityBytes - kStunHeader, 2);
  std::array<uint8_t, kIntegrityBytes> tag{};
  unsigned size = 0;
  HMAC(EVP_sha1(), password.data(), static_cast<int>(password.size()), text.data(), at, tag.data(),
       &size);
  return tag;
}

// One attribute with a fixed length that isn't so is none.
void readAttribute(StunAttribute type, const uint8_t* value, size_t length, const uint8_t* packet,
                   StunMessage& message) {
  switch (type) {
    case StunAttribute::username:
      if (message.username.empty()) {
        message.username = {reinterpret_cast<const char*>(value), length};
      }
      return;
    case StunAttribute::priority:
      if (length == 4) message.priority = static_cast<uint32_t>(getNumber(value, 4));
      return;
    case StunAttribute::useCandidate:
      message.useCandidate = true;
      return;
    case StunAttribute::iceControlled:
    case StunAttribute::iceControlling:
      if (length != 8) return;
      (type == StunAttribute::iceControlled ? message.controlled : message.controlling) = true;
      message.tieBreaker = getNumber(value, 8);
      return;
    case StunAttribute::xorMappedAddress:
      message.mapped = readMapped(value, length, packet);
      return;
    case StunAttribute::errorCode:
      if (length >= 4) message.errorCode = static_cast<uint16_t>((value[2] & 7) * 100 + value[3]);
      return;
    case StunAttribute::unknownAttributes:
      return;
    default:
      break;
  }
  const auto number = static_cast<uint16_t>(type);
  if (number >= kOptionalFrom || message.unknowns == StunMessage::kUnknownMax) return;
  message.unknown[message.unknowns++] = number;
}

}  // namespace

bool readStun(const uint8_t* packet, size_t size, StunMessage& message) {
  message = StunMessage();
  if (size < kStunHeader || size > kStunBytesMax || size % 4 != 0) return false;
  if (!readType(get16(packet), message.kind)) return false;
  if (kStunHeader + get16(packet + 2) != size) return false;
  if (std::memcmp(packet + 4, kCookie.data(), kCookie.size()) != 0) return false;
  std::memcpy(message.transaction.data(), packet + 8, message.transaction.size());

  size_t at = kStunHeader;
  while (at < size) {
    // `size` and `at` are multiples of four: a header is always whole.
    const auto type = static_cast<StunAttribute>(get16(packet + at));
    const size_t length = get16(packet + at + 2);
    const uint8_t* value = packet + at + kAttributeHeader;
    if (padded(length) > size - at - kAttributeHeader) return false;
    const size_t next = at + kAttributeHeader + padded(length);
    if (type == StunAttribute::fingerprint) {
      return length == kFingerprintBytes && next == size &&
             getNumber(value, 4) == (crc32(packet, at) ^ kFingerprintMask);
    }
    // Nobody vouches for what stands behind MESSAGE-INTEGRITY (RFC 8489 §14.5).
    if (message.integrityAt == 0) {
      if (type != StunAttribute::messageIntegrity) {
        readAttribute(type, value, length, packet, message);
      } else if (length == kIntegrityBytes) {
        message.integrityAt = at;
      } else {
        return false;
      }
    }
    at = next;
  }
  return true;
}

bool isAuthentic(const uint8_t* packet, const StunMessage& message, std::string_view password) {
  if (message.integrityAt == 0 || password.empty()) return false;
  const auto tag = integrityOf(packet, message.integrityAt, password);
  const uint8_t* said = packet + message.integrityAt + kAttributeHeader;
  return CRYPTO_memcmp(tag.data(), said, tag.size()) == 0;
}

void StunWriter::begin(StunClass kind, const StunTransaction& transaction) {
  putNumber(bytes_.data(), typeOf(kind), 2);
  putNumber(bytes_.data() + 2, 0, 2);
  std::memcpy(bytes_.data() + 4, kCookie.data(), kCookie.size());
  std::memcpy(bytes_.data() + 8, transaction.data(), transaction.size());
  size_ = kStunHeader;
}

void StunWriter::text(StunAttribute type, std::string_view value) {
  uint8_t* at = add(type, value.size());
  if (at) std::memcpy(at, value.data(), value.size());
}

void StunWriter::flag(StunAttribute type) { add(type, 0); }

void StunWriter::number(StunAttribute type, uint32_t value) {
  uint8_t* at = add(type, 4);
  if (at) putNumber(at, value, 4);
}

void StunWriter::longNumber(StunAttribute type, uint64_t value) {
  uint8_t* at = add(type, 8);
  if (at) putNumber(at, value, 8);
}

void StunWriter::mapped(const Address& address) {
  const size_t size = address.family() == AF_INET ? 4 : 16;
  uint8_t* at = add(StunAttribute::xorMappedAddress, 4 + size);
  if (!at) return;
  at[1] = address.family() == AF_INET ? kFamilyV4 : kFamilyV6;
  putNumber(at + 2, address.port() ^ get16(kCookie.data()), 2);
  std::memcpy(at + 4, address.bytes(), size);
  maskAddress(at + 4, size, bytes_.data() + 4);
}

void StunWriter::error(uint16_t code, std::string_view reason) {
  uint8_t* at = add(StunAttribute::errorCode, 4 + reason.size());
  if (!at) return;
  at[2] = static_cast<uint8_t>(code / 100);
  at[3] = static_cast<uint8_t>(code % 100);
  std::memcpy(at + 4, reason.data(), reason.size());
}

void StunWriter::unknown(const StunMessage& request) {
  uint8_t* at = add(StunAttribute::unknownAttributes, 2 * request.unknowns);
  for (size_t i = 0; at && i < request.unknowns; i++) putNumber(at + 2 * i, request.unknown[i], 2);
}

void StunWriter::integrity(std::string_view password) {
  const auto tag = integrityOf(bytes_.data(), size_, password);
  uint8_t* at = add(StunAttribute::messageIntegrity, tag.size());
  if (at) std::memcpy(at, tag.data(), tag.size());
}

void StunWriter::fingerprint() {
  uint8_t* at = add(StunAttribute::fingerprint, kFingerprintBytes);
  if (!at) return;
  const auto before = static_cast<size_t>(at - bytes_.data()) - kAttributeHeader;
  putNumber(at, crc32(bytes_.data(), before) ^ kFingerprintMask, 4);
}

uint8_t* StunWriter::add(StunAttribute type, size_t length) {
  const size_t end = size_ + kAttributeHeader + padded(length);
  if (end > bytes_.size()) return nullptr;
  uint8_t* at = bytes_.data() + size_;
  std::memset(at, 0, end - size_);
  putNumber(at, static_cast<uint16_t>(type), 2);
  putNumber(at + 2, length, 2);
  size_ = end;
  putNumber(bytes_.data() + 2, size_ - kStunHeader, 2);
  return at + kAttributeHeader;
}

}  // namespace media
