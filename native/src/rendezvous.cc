#include "rendezvous.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace media {

namespace {

// Who came while the plane had its gateway, and went again, waits here too.
constexpr int kVisitorsMax = 64;

bool isOurUsers(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

bool isListening(int fd) {
  int listening = 0;
  socklen_t size = sizeof listening;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0;
}

}  // namespace

int listenAt(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return -1;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  unlink(path.c_str());
  // Before it listens nobody can connect.
  const bool listens = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                       chmod(path.c_str(), S_IRUSR | S_IWUSR) == 0 && listen(fd, kVisitorsMax) == 0;
  if (listens) return fd;
  close(fd);
  return -1;
}

Rendezvous::Rendezvous(int fd) {
  if (fd < 0 || !isListening(fd)) return;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  fd_ = fd;
}

Rendezvous::~Rendezvous() {
  if (fd_ >= 0) close(fd_);
}

int Rendezvous::take() {
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0 && isOurUsers(fd)) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

}  // namespace media
