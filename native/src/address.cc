#include "address.h"

#include <arpa/inet.h>

#include <cstring>

namespace media {

Address Address::parse(std::string_view host, uint16_t port) {
  Address address;
  char text[INET6_ADDRSTRLEN];
  if (host.empty() || host.size() >= sizeof text) return address;
  std::memcpy(text, host.data(), host.size());
  text[host.size()] = '\0';
  if (inet_pton(AF_INET, text, &address.v4_.sin_addr) == 1) {
    address.v4_.sin_family = AF_INET;
    address.v4_.sin_port = htons(port);
    return address;
  }
  address.v6_ = sockaddr_in6{};
  if (inet_pton(AF_INET6, text, &address.v6_.sin6_addr) == 1) {
    address.v6_.sin6_family = AF_INET6;
    address.v6_.sin6_port = htons(port);
  }
  return address;
}

Address Address::fromBytes(const uint8_t* bytes, size_t size, uint16_t port) {
  Address address;
  if (size == sizeof address.v4_.sin_addr) {
    address.v4_.sin_family = AF_INET;
    address.v4_.sin_port = htons(port);
    std::memcpy(&address.v4_.sin_addr, bytes, size);
  } else if (size == sizeof address.v6_.sin6_addr) {
    address.v6_.sin6_family = AF_INET6;
    address.v6_.sin6_port = htons(port);
    std::memcpy(&address.v6_.sin6_addr, bytes, size);
  }
  return address;
}

const uint8_t* Address::bytes() const {
  return family() == AF_INET ? reinterpret_cast<const uint8_t*>(&v4_.sin_addr)
                             : v6_.sin6_addr.s6_addr;
}

std::string Address::host() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) inet_ntop(AF_INET, &v4_.sin_addr, text, sizeof text);
  if (family() == AF_INET6) inet_ntop(AF_INET6, &v6_.sin6_addr, text, sizeof text);
  return text;
}

Address Address::withPort(uint16_t port) const {
  Address address;
  if (port == 0 || !present()) return address;
  address = *this;
  (family() == AF_INET ? address.v4_.sin_port : address.v6_.sin6_port) = htons(port);
  return address;
}

bool Address::sameHost(const Address& other) const {
  if (family() != other.family()) return false;
  if (family() == AF_INET) return v4_.sin_addr.s_addr == other.v4_.sin_addr.s_addr;
  return std::memcmp(&v6_.sin6_addr, &other.v6_.sin6_addr, sizeof v6_.sin6_addr) == 0;
}

}  // namespace media
