#pragma once

#include <cstdint>
#include <string>

#include "../src/ice_agent.h"

// What the STUN target makes of a step; its seeds say the same.
namespace fuzz::stun {

// From the second of two addresses.
constexpr uint8_t kElsewhere = 0x01;
// The step is attributes alone, sent by who knows the password; else it is a whole packet.
constexpr uint8_t kVouched = 0x02;
// The class of what is vouched for.
constexpr uint8_t kClassShift = 2;
// Ten seconds pass before.
constexpr uint8_t kLater = 0x10;
// New credentials are agreed on before: a restart of ICE.
constexpr uint8_t kRestart = 0x20;

inline const media::IceCredentials kFirst{"ours", "VOkJxbRl1RmTxUk/WvJxBt", "peer"};
inline const media::IceCredentials kSecond{"anew", "another one of twenty-two", "reep"};

}  // namespace fuzz::stun
