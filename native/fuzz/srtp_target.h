#pragma once

#include <cstddef>
#include <cstdint>

#include "../src/srtp_keys.h"

// What the SRTP target makes of a step; its seeds say the same. An input begins with its suite.
namespace fuzz::srtp {

constexpr uint8_t kControl = 0x01;
// The step is plain, and sealed by who has the key; else it comes as it is.
constexpr uint8_t kSealed = 0x02;
// One bit of what was sealed is turned on the way.
constexpr uint8_t kSpoilt = 0x04;
// The peer has a new key before.
constexpr uint8_t kRenewed = 0x08;
// Ten seconds pass before.
constexpr uint8_t kLater = 0x10;

// None of the keys that the seeds' packets were sealed with.
inline media::SrtpMaster masterOf(media::SrtpSuite suite, uint8_t seed) {
  media::SrtpMaster master;
  master.suite = suite;
  for (size_t i = 0; i < media::factsOf(suite).keyBytes; i++) {
    master.key[i] = static_cast<uint8_t>(7 * i + seed);
  }
  for (size_t i = 0; i < media::factsOf(suite).saltBytes; i++) {
    master.salt[i] = static_cast<uint8_t>(0x31 + 5 * i + seed);
  }
  return master;
}

}  // namespace fuzz::srtp
