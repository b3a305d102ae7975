#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace media {

// The control socket's language, little-endian: a length of the payload (16 bits), a kind (8
// bits), the payload. The other half is src/io/media-plane/frames.ts.
enum class CommandKind : uint8_t {
  stream = 1,
  close = 2,
  counters = 3,
  fence = 4,
  advance = 5,
  figures = 6,
  kernel = 7,
  outlive = 8,
};
enum class EventKind : uint8_t {
  hello = 1,
  latched = 2,
  silent = 3,
  failed = 4,
  closed = 5,
  counters = 6,
  fence = 7,
  figures = 8,
  secured = 9,
  unsecured = 10,
  inventory = 11,
};

constexpr uint16_t kProtocolVersion = 9;
constexpr size_t kFrameHeader = 3;

// Reads a payload. A read past the end gives zeros and spoils `ok()`, so that a whole frame is
// read first and judged once.
class FrameReader {
 public:
  explicit FrameReader(std::string_view payload) : rest_(payload) {}

  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  // `size` bytes as they are, to `out`.
  void bytes(uint8_t* out, size_t size);
  // A text of at most 255 bytes behind its length.
  std::string_view text();
  // What was read makes no sense.
  void spoil() { ok_ = false; }
  bool ok() const { return ok_ && rest_.empty(); }

 private:
  uint64_t number(size_t bytes);
  std::string_view next(size_t length);

  std::string_view rest_;
  bool ok_ = true;
};

// Appends one frame to a buffer; its length is filled in when the writer goes.
class FrameWriter {
 public:
  FrameWriter(std::string& out, EventKind kind);
  ~FrameWriter();
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;

  void u8(uint8_t value) { number(value, 1); }
  void u16(uint16_t value) { number(value, 2); }
  void u32(uint32_t value) { number(value, 4); }
  // A count, as a double: exact up to 2^53, and JavaScript's own number.
  void count(uint64_t value);
  // A figure that needn't be whole.
  void real(double value);
  void text(std::string_view value);
  // The payload so far.
  size_t size() const { return out_.size() - start_ - kFrameHeader; }

 private:
  void number(uint64_t value, size_t bytes);

  std::string& out_;
  const size_t start_;
};

}  // namespace media
