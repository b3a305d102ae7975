#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "bpf_object.h"

namespace media {

// A file descriptor, closed with its owner.
class File {
 public:
  explicit File(int fd = -1) : fd_(fd) {}
  ~File();
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool isOpen() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  int fd_;
};

// The system call bpf(2), as far as the plane needs it. Without a file errno says why.

// Entries come and go; each is changed at once.
File createHash(const char* name, size_t keyBytes, size_t valueBytes, uint32_t entries);
// Entries by number, which a process can map into its memory.
File createArray(const char* name, size_t valueBytes, uint32_t entries);
bool putEntry(const File& map, const void* key, const void* value);
bool removeEntry(const File& map, const void* key);
// AF_XDP sockets by number.
File createSocketMap(const char* name, uint32_t entries);
enum class ProgramKind : uint8_t { relay, steer };
// `complaint` is what the kernel's verifier says of a program that it doesn't take.
File loadProgram(const BpfObject& object, std::string& complaint,
                 ProgramKind kind = ProgramKind::relay);
// At the incoming packets of an interface, until the link is closed, by whatever (tcx).
File attachIncoming(const File& program, uint32_t interface);
// Likewise in front of the network stack (XDP); `mode` is one of XDP_FLAGS.
File attachToInterface(const File& program, uint32_t interface, uint32_t mode);

}  // namespace media
