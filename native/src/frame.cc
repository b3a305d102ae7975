#include "frame.h"

#include <algorithm>
#include <cstring>

namespace media {

uint64_t FrameReader::number(size_t bytes) {
  if (rest_.size() < bytes) {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; i++) {
    value |= static_cast<uint64_t>(static_cast<uint8_t>(rest_[i])) << (8 * i);
  }
  rest_.remove_prefix(bytes);
  return value;
}

void FrameReader::bytes(uint8_t* out, size_t size) {
  const std::string_view value = next(size);
  std::memcpy(out, value.data(), value.size());
}

std::string_view FrameReader::text() { return next(u8()); }

std::string_view FrameReader::next(size_t length) {
  if (rest_.size() < length) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view value = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return value;
}

FrameWriter::FrameWriter(std::string& out, EventKind kind) : out_(out), start_(out.size()) {
  number(0, 2);
  u8(static_cast<uint8_t>(kind));
}

FrameWriter::~FrameWriter() {
  const size_t length = out_.size() - start_ - kFrameHeader;
  out_[start_] = static_cast<char>(length & 0xff);
  out_[start_ + 1] = static_cast<char>(length >> 8);
}

void FrameWriter::count(uint64_t value) { real(static_cast<double>(value)); }

void FrameWriter::real(double value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out_.append(bytes, sizeof bytes);
}

void FrameWriter::text(std::string_view value) {
  const size_t length = std::min<size_t>(value.size(), 255);
  u8(static_cast<uint8_t>(length));
  out_.append(value.data(), length);
}

void FrameWriter::number(uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) out_.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace media
