#include "udp_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace media {

namespace {

// The kernel's default holds over five seconds of a voice stream: overload would show as delay
// that never goes away. This holds some 80 packets of voice, or a burst of 25 of video.
constexpr int kReceiveBytes = 32 * 1024;

const char* nameOf(int error) {
  switch (error) {
    case EADDRINUSE:
      return "port-in-use";
    case EADDRNOTAVAIL:
      return "address-not-available";
    case EMFILE:
    case ENFILE:
      return "too-many-files";
    case EACCES:
    case EPERM:
      return "not-permitted";
    case EAFNOSUPPORT:
      return "address-family-not-available";
    default:
      return "socket-error";
  }
}

template <typename T>
bool setOption(int fd, int level, int name, const T& value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

}  // namespace

bool setDscp(int fd, int family, uint8_t dscp) {
  const int trafficClass = (dscp & 0x3f) << 2;
  return family == AF_INET ? setOption(fd, IPPROTO_IP, IP_TOS, trafficClass)
                           : setOption(fd, IPPROTO_IPV6, IPV6_TCLASS, trafficClass);
}

const char* UdpSocket::open(const Address& local, uint8_t dscp) {
  close();
  fd_ = ::socket(local.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  if (fd_ < 0) return nameOf(errno);
  const bool v6 = local.family() == AF_INET6;
  if ((v6 && !setOption(fd_, IPPROTO_IPV6, IPV6_V6ONLY, int{1})) ||
      !setOption(fd_, SOL_SOCKET, SO_RCVBUF, kReceiveBytes) ||
      ::bind(fd_, local.raw(), local.size()) != 0) {
    const char* why = nameOf(errno);
    close();
    return why;
  }
  local_ = local;
  setDscp(dscp);
  return nullptr;
}

void UdpSocket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  dscp_ = 0;
}

void UdpSocket::setDscp(uint8_t dscp) {
  if (dscp == dscp_) return;
  // A kernel that refuses leaves best effort: no reason to refuse the call.
  media::setDscp(fd_, local_.family(), dscp);
  dscp_ = dscp;
}

}  // namespace media
