#pragma once

#include <cstdint>
#include <utility>

#include "address.h"

namespace media {

// Sets the class of service of a socket's packets (RFC 2474), for the family that it was opened
// for. Returns false when the kernel refuses.
bool setDscp(int fd, int family, uint8_t dscp);

// One bound UDP socket; closed with its owner.
class UdpSocket {
 public:
  UdpSocket() = default;
  ~UdpSocket() { close(); }
  UdpSocket(UdpSocket&& other) noexcept { swap(other); }
  UdpSocket& operator=(UdpSocket&& other) noexcept {
    swap(other);
    return *this;
  }
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  // Binds to the address; nullptr, or the reason's name.
  const char* open(const Address& local, uint8_t dscp);
  void close();
  void setDscp(uint8_t dscp);

  bool isOpen() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  const Address& local() const { return local_; }
  // The byte of its packets that has the class of service.
  uint8_t trafficClass() const { return static_cast<uint8_t>((dscp_ & 0x3f) << 2); }

 private:
  void swap(UdpSocket& other) {
    std::swap(fd_, other.fd_);
    std::swap(dscp_, other.dscp_);
    std::swap(local_, other.local_);
  }

  Address local_;
  int fd_ = -1;
  uint8_t dscp_ = 0;
};

}  // namespace media
