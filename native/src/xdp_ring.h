#pragma once

#include <linux/if_xdp.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace media {

// One of the rings between the plane and the kernel (af_xdp(7)): a power of two of entries, which
// one of them puts in and the other takes out.
template <typename Entry>
class XdpRing {
 public:
  XdpRing() = default;
  ~XdpRing() {
    if (mapped_) munmap(mapped_, mappedBytes_);
  }
  XdpRing(const XdpRing&) = delete;
  XdpRing& operator=(const XdpRing&) = delete;

  bool map(int fd, off_t which, const xdp_ring_offset& offsets, uint32_t size) {
    mappedBytes_ = offsets.desc + size_t{size} * sizeof(Entry);
    void* mapped = mmap(nullptr, mappedBytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, which);
    if (mapped == MAP_FAILED) return false;
    mapped_ = static_cast<uint8_t*>(mapped);
    put_ = reinterpret_cast<uint32_t*>(mapped_ + offsets.producer);
    taken_ = reinterpret_cast<uint32_t*>(mapped_ + offsets.consumer);
    entries_ = reinterpret_cast<Entry*>(mapped_ + offsets.desc);
    size_ = size;
    return true;
  }

  uint32_t size() const { return size_; }
  // Entries that wait to be taken, by whoever takes them.
  uint32_t waiting() const { return load(put_) - load(taken_); }
  uint32_t room() const { return size_ - waiting(); }

  // As the one who takes them, while there are any; `done` gives their places back.
  const Entry& take() { return entries_[next_++ & (size_ - 1)]; }
  void done() { __atomic_store_n(taken_, next_, __ATOMIC_RELEASE); }

  // As the one who puts them in, while there is room; `publish` shows them.
  void put(const Entry& entry) { entries_[next_++ & (size_ - 1)] = entry; }
  void publish() { __atomic_store_n(put_, next_, __ATOMIC_RELEASE); }
  // Entries that were put in and not shown yet.
  uint32_t unpublished() const { return next_ - load(put_); }

 private:
  static uint32_t load(const uint32_t* from) { return __atomic_load_n(from, __ATOMIC_ACQUIRE); }

  uint8_t* mapped_ = nullptr;
  size_t mappedBytes_ = 0;
  uint32_t* put_ = nullptr;
  uint32_t* taken_ = nullptr;
  Entry* entries_ = nullptr;
  uint32_t size_ = 0;
  uint32_t next_ = 0;
};

}  // namespace media
