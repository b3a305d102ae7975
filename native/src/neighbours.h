#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>

#include "address.h"
#include "bpf.h"
#include "ethernet_frame.h"

namespace media {

// The kernel's table of who is behind which address of Ethernet, asked by rtnetlink(7). Who isn't
// in it isn't looked for: the kernel does that itself when it is to send there.
class Neighbours {
 public:
  Neighbours();

  // Whether one that was asked for has changed since the last time.
  bool changed();
  // Nullptr where the kernel doesn't know. Good until `changed`.
  const Hardware* of(uint32_t interface, const Address& host);

 private:
  // The interface, the family, the address.
  using Key = std::array<uint8_t, 21>;
  struct Entry {
    bool known = false;
    Hardware hardware{};
  };

  static Key keyOf(uint32_t interface, int family, const uint8_t* host);
  static bool read(const char* message, size_t size, Key& key, Entry& entry);
  bool follow(const char* news, size_t size);
  Entry ask(uint32_t interface, const Address& host);

  File questions_;
  File news_;
  std::map<Key, Entry> entries_;
};

}  // namespace media
