#include "rtp_extension.h"

#include <cstring>

#include "rtp.h"

namespace media {

namespace {

constexpr uint8_t kExtension = 0x10;
constexpr size_t kExtensionHeader = 4;
constexpr uint16_t kOneByte = 0xbede;
// Its last four bits are the application's.
constexpr uint16_t kTwoByte = 0x1000;
// In the form of one byte it ends all (RFC 8285 §4.2).
constexpr uint8_t kStop = 15;

enum class Form : uint8_t { none, oneByte, twoByte };

// Where the extension begins, or would.
size_t extensionAt(const uint8_t* packet) { return 12 + 4 * static_cast<size_t>(packet[0] & 0x0f); }

Form formOf(const uint8_t* extension) {
  const auto profile = static_cast<uint16_t>(extension[0] << 8 | extension[1]);
  if (profile == kOneByte) return Form::oneByte;
  return (profile & 0xfff0) == kTwoByte ? Form::twoByte : Form::none;
}

size_t padded(size_t bytes) { return (bytes + 3) & ~size_t{3}; }

// An element's header at `at`, with its value; its size 0 where there is none to be read.
struct Element {
  uint8_t id = 0;
  size_t header = 0;
  size_t size = 0;
};

Element elementAt(const uint8_t* at, size_t left, Form form) {
  if (form == Form::oneByte) {
    const Element one{static_cast<uint8_t>(at[0] >> 4), 1, 1 + static_cast<size_t>(at[0] & 0x0f)};
    return one.id == kStop || 1 + one.size > left ? Element() : one;
  }
  if (left < 2) return {};
  const Element one{at[0], 2, at[1]};
  return 2 + one.size > left ? Element() : one;
}

}  // namespace

size_t takeElement(uint8_t* packet, size_t size, uint8_t id, uint8_t (&out)[kElementMax]) {
  const size_t end = packet[0] & kExtension ? rtpHeaderSize(packet, size) : 0;
  if (end == 0) return 0;
  uint8_t* extension = packet + extensionAt(packet);
  const Form form = formOf(extension);
  if (form == Form::none) return 0;
  size_t taken = 0;
  for (uint8_t* at = extension + kExtensionHeader; at < packet + end;) {
    // Padding.
    if (*at == 0) {
      at++;
      continue;
    }
    const auto left = static_cast<size_t>(packet + end - at);
    const Element one = elementAt(at, left, form);
    if (one.header == 0) break;
    if (one.id == id) {
      taken = one.size <= kElementMax ? one.size : 0;
      std::memcpy(out, at + one.header, taken);
      std::memset(at, 0, one.header + one.size);
    }
    at += one.header + one.size;
  }
  return taken;
}

uint8_t* putElement(uint8_t* packet, size_t& size, uint8_t id, std::string_view value) {
  if (value.empty() || value.size() > kElementMax || id == 0 || id >= kStop) return packet;
  const bool extended = packet[0] & kExtension;
  const size_t extension = extensionAt(packet);
  const Form form = extended ? formOf(packet + extension) : Form::oneByte;
  if (form == Form::none) return packet;
  const size_t header = form == Form::oneByte ? 1 : 2;
  const size_t element = padded(header + value.size());
  const size_t growth = element + (extended ? 0 : kExtensionHeader);
  uint8_t* start = packet - growth;
  std::memmove(start, packet, extension + (extended ? kExtensionHeader : 0));
  start[0] |= kExtension;
  uint8_t* at = start + extension;
  size_t words = element / 4;
  if (extended) {
    words += static_cast<size_t>(at[2] << 8 | at[3]);
  } else {
    at[0] = kOneByte >> 8;
    at[1] = kOneByte & 0xff;
  }
  at[2] = static_cast<uint8_t>(words >> 8);
  at[3] = static_cast<uint8_t>(words);
  // In front of the others: behind them it might stand behind their end.
  at += kExtensionHeader;
  std::memset(at, 0, element);
  if (form == Form::oneByte) {
    at[0] = static_cast<uint8_t>(id << 4 | (value.size() - 1));
  } else {
    at[0] = id;
    at[1] = static_cast<uint8_t>(value.size());
  }
  std::memcpy(at + header, value.data(), value.size());
  size += growth;
  return start;
}

}  // namespace media
