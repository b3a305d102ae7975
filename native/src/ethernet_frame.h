#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "address.h"
#include "kernel_route.h"

namespace media {

// An address of Ethernet.
using Hardware = std::array<uint8_t, 6>;

// A frame with one whole datagram of UDP, by IPv4 or IPv6.
struct DatagramFrame {
  RouteKey key;
  // What UDP carries.
  uint8_t* payload;
  size_t size;

  // False when it is none, or spoilt. A checksum that a sender on this machine left for its card to
  // make is as good as one that is right.
  static bool read(uint8_t* frame, size_t size, DatagramFrame& out);
};

RouteKey keyOf(const Address& from, const Address& to);

// The headers of all that leaves from one port of ours for one peer.
class FrameHeaders {
 public:
  // Ethernet's, IPv6's and UDP's.
  static constexpr size_t kBytesMax = 62;
  static constexpr size_t kEthernetBytes = 14;

  FrameHeaders() = default;
  FrameHeaders(const Hardware& from, const Hardware& to, const Address& local, const Address& peer,
               uint8_t trafficClass);

  size_t size() const { return size_; }
  // Writes them in front of what UDP is to carry, and says where the frame begins.
  uint8_t* write(uint8_t* payload, size_t size) const;

 private:
  std::array<uint8_t, kBytesMax> bytes_{};
  size_t size_ = 0;
  // Of what is the same in each frame.
  uint64_t ipSum_ = 0;
  uint64_t udpSum_ = 0;
};

}  // namespace media
