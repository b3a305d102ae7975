#include "frame_memory.h"

#include <sys/mman.h>

namespace media {

FrameMemory::~FrameMemory() {
  if (start_) munmap(start_, size_);
}

bool FrameMemory::map(uint32_t pieces) {
  if (start_) munmap(start_, size_);
  start_ = nullptr;
  free_.clear();
  size_ = size_t{pieces} * kPieceBytes;
  void* mapped = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return false;
  start_ = static_cast<uint8_t*>(mapped);
  free_.reserve(pieces);
  for (uint32_t piece = pieces; piece > 0; piece--) free_.push_back(piece - 1);
  return true;
}

uint64_t FrameMemory::take() {
  const uint32_t piece = free_.back();
  free_.pop_back();
  return uint64_t{piece} * kPieceBytes;
}

void FrameMemory::give(uint64_t frame) {
  free_.push_back(static_cast<uint32_t>(frame / kPieceBytes));
}

}  // namespace media
