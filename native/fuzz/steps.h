#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace fuzz {

// What must hold whatever comes; the fuzzer keeps the input that broke it.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "BROKEN %s\n", what);
  std::abort();
}

// One packet and what a target makes of it.
struct Step {
  uint8_t how = 0;
  size_t size = 0;
  // A copy of its very size: a read beyond it ends the program.
  std::unique_ptr<uint8_t[]> packet;

  bool is(uint8_t flag) const { return (how & flag) != 0; }
  std::string_view text() const { return {reinterpret_cast<const char*>(packet.get()), size}; }
};

// An input is a row of packets, since most mistakes need two: how, length in 16 bits, bytes. A
// length beyond the end is what remains.
class Steps {
 public:
  Steps(const uint8_t* data, size_t size) : at_(data), left_(size) {}

  bool next(Step& step) {
    if (left_ < kHeader) return false;
    step.how = at_[0];
    step.size = static_cast<size_t>(at_[1] << 8 | at_[2]);
    at_ += kHeader;
    left_ -= kHeader;
    if (step.size > left_) step.size = left_;
    step.packet = std::make_unique<uint8_t[]>(step.size);
    if (step.size > 0) std::memcpy(step.packet.get(), at_, step.size);
    at_ += step.size;
    left_ -= step.size;
    return true;
  }

  // The other way: for the first inputs.
  static std::string write(uint8_t how, std::string_view packet) {
    std::string bytes{static_cast<char>(how), static_cast<char>(packet.size() >> 8),
                      static_cast<char>(packet.size())};
    return bytes.append(packet);
  }

 private:
  static constexpr size_t kHeader = 3;

  const uint8_t* at_;
  size_t left_;
};

}  // namespace fuzz
