#pragma once

#include <string>

namespace media {

// A listening Unix socket at a path, that its owner alone may connect to; -1 where that can't be.
// What was left there by another plane is replaced.
int listenAt(const std::string& path);

// Where a gateway finds a plane whose own gateway has died. It listens from the start, opened by
// the first gateway, so that the plane needs no right to open anything.
class Rendezvous {
 public:
  // Takes the socket over; what isn't a listening one is none.
  explicit Rendezvous(int fd);
  ~Rendezvous();
  Rendezvous(const Rendezvous&) = delete;
  Rendezvous& operator=(const Rendezvous&) = delete;

  bool isOpen() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  // The connection of who came, if it is one of our own user's; else -1.
  int take();

 private:
  int fd_ = -1;
};

}  // namespace media
