#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace media {

// An IPv4 or IPv6 address with its port, in the kernel's own shape so that it goes into system
// calls as it is. Absent while `family()` is AF_UNSPEC.
class Address {
 public:
  Address() { v6_ = sockaddr_in6{}; }

  // Reads a text without brackets or zone; absent when it is none.
  static Address parse(std::string_view host, uint16_t port);
  // Of four or sixteen bytes in the network's order.
  static Address fromBytes(const uint8_t* bytes, size_t size, uint16_t port);

  int family() const { return any_.sa_family; }
  bool present() const { return family() != AF_UNSPEC; }
  uint16_t port() const { return ntohs(family() == AF_INET ? v4_.sin_port : v6_.sin6_port); }
  std::string host() const;
  // Four for IPv4, else sixteen.
  const uint8_t* bytes() const;
  // The same host; absent for port 0, which is none.
  Address withPort(uint16_t port) const;

  bool sameHost(const Address& other) const;
  // The same host and port. Scope and flow label don't count.
  bool operator==(const Address& other) const { return port() == other.port() && sameHost(other); }
  bool operator!=(const Address& other) const { return !(*this == other); }

  sockaddr* raw() { return &any_; }
  const sockaddr* raw() const { return &any_; }
  socklen_t size() const { return family() == AF_INET ? sizeof v4_ : sizeof v6_; }
  static constexpr socklen_t sizeMax() { return sizeof(sockaddr_in6); }

 private:
  union {
    sockaddr any_;
    sockaddr_in v4_;
    sockaddr_in6 v6_;
  };
};

}  // namespace media
