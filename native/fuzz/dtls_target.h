#pragma once

#include <cstdint>

// What the DTLS target makes of a step; its seeds say the same. An input begins with our part.
namespace fuzz::dtls {

constexpr uint8_t kActive = 0x01;

// From an address that nobody agreed on; else from the agreed one.
constexpr uint8_t kStranger = 0x01;
// By RTCP's port.
constexpr uint8_t kControl = 0x02;
// The true peer's next datagram, with changes: each three bytes of the step are a place and what
// is turned there. Else the step is the datagram.
constexpr uint8_t kTruePeer = 0x04;
// What the peer has sent is lost before.
constexpr uint8_t kLost = 0x08;
// So many seconds pass before, in the upper bits.
constexpr uint8_t kSecondsShift = 4;

}  // namespace fuzz::dtls
