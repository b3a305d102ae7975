#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace media {

// Memory that the plane and the kernel share for frames (UMEM, af_xdp(7)), cut into pieces of one
// size. A frame may begin anywhere in its piece, and is known by where it begins.
class FrameMemory {
 public:
  static constexpr uint32_t kPieceBytes = 2048;
  // What the kernel leaves free in front of what it puts into one (XDP_PACKET_HEADROOM).
  static constexpr uint32_t kHeadroomBytes = 256;

  FrameMemory() = default;
  ~FrameMemory();
  FrameMemory(const FrameMemory&) = delete;
  FrameMemory& operator=(const FrameMemory&) = delete;

  bool map(uint32_t pieces);
  void* start() const { return start_; }
  size_t size() const { return size_; }
  uint8_t* at(uint64_t frame) const { return start_ + frame; }
  uint64_t of(const uint8_t* at) const { return static_cast<uint64_t>(at - start_); }

  // Pieces that nobody has.
  size_t left() const { return free_.size(); }
  // While there are any.
  uint64_t take();
  void give(uint64_t frame);

 private:
  uint8_t* start_ = nullptr;
  size_t size_ = 0;
  std::vector<uint32_t> free_;
};

}  // namespace media
