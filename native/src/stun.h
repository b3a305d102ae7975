#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "address.h"

namespace media {

// STUN as ICE uses it (RFC 8489, RFC 8445 §16.1): Binding alone, the short-term credential.

constexpr size_t kStunHeader = 20;
// No check of ICE comes near it.
constexpr size_t kStunBytesMax = 1280;

enum class StunClass : uint8_t { request, indication, success, error };

enum class StunAttribute : uint16_t {
  username = 0x0006,
  messageIntegrity = 0x0008,
  errorCode = 0x0009,
  unknownAttributes = 0x000a,
  xorMappedAddress = 0x0020,
  priority = 0x0024,
  useCandidate = 0x0025,
  fingerprint = 0x8028,
  iceControlled = 0x8029,
  iceControlling = 0x802a,
};

using StunTransaction = std::array<uint8_t, 12>;

// A message as it was read; `username` points into the packet.
struct StunMessage {
  static constexpr size_t kUnknownMax = 8;

  StunClass kind = StunClass::request;
  StunTransaction transaction{};
  std::string_view username;
  uint32_t priority = 0;
  bool useCandidate = false;
  bool controlling = false;
  bool controlled = false;
  uint64_t tieBreaker = 0;
  Address mapped;
  uint16_t errorCode = 0;
  // The first of those that one must understand, and we don't.
  std::array<uint16_t, kUnknownMax> unknown{};
  size_t unknowns = 0;
  // Where MESSAGE-INTEGRITY begins; 0 without.
  size_t integrityAt = 0;
};

// False when it is no Binding message that fills the packet, or its FINGERPRINT is wrong.
bool readStun(const uint8_t* packet, size_t size, StunMessage& message);

// Whether who wrote the message knows the password.
bool isAuthentic(const uint8_t* packet, const StunMessage& message, std::string_view password);

// Writes one message. What doesn't fit any more is left out; nothing that we write comes near.
class StunWriter {
 public:
  StunWriter() = default;

  void begin(StunClass kind, const StunTransaction& transaction);
  void text(StunAttribute type, std::string_view value);
  void flag(StunAttribute type);
  void number(StunAttribute type, uint32_t value);
  void longNumber(StunAttribute type, uint64_t value);
  // As the receiver of the answer shows to us.
  void mapped(const Address& address);
  void error(uint16_t code, std::string_view reason);
  void unknown(const StunMessage& request);
  // The last two, in this order.
  void integrity(std::string_view password);
  void fingerprint();

  const uint8_t* data() const { return bytes_.data(); }
  size_t size() const { return size_; }

 private:
  // Room for the value, with zeros behind it up to the next four bytes; nullptr when there is none.
  uint8_t* add(StunAttribute type, size_t length);

  std::array<uint8_t, 512> bytes_;
  size_t size_ = 0;
};

}  // namespace media
