#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace media {

// By so much a packet grows in front when an element is put into it.
constexpr size_t kExtensionGrowth = 24;
// A longer one needs another form of header (RFC 8285 §4.3) than most packets have.
constexpr size_t kElementMax = 16;

// Reads an element of a valid packet's header extension (RFC 8285) and blanks it, wherever it
// stands: it is no business of the other leg. Its size, 0 where it isn't there or too long for `out`.
size_t takeElement(uint8_t* packet, size_t size, uint8_t id, uint8_t (&out)[kElementMax]);

// Puts an element of at most `kElementMax` bytes into a valid packet, which begins earlier then:
// there must be room for that. One whose extension is of another kind stays as it is. Says where it
// begins now, and its size.
uint8_t* putElement(uint8_t* packet, size_t& size, uint8_t id, std::string_view value);

}  // namespace media
