#include "xdp_socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace media {

namespace {

// What the kernel sends for one system call at the least; it may take several to send all.
constexpr int kFlushes = 64;

template <typename T>
bool setOption(int fd, int name, const T& value) {
  return setsockopt(fd, SOL_XDP, name, &value, sizeof value) == 0;
}

}  // namespace

bool XdpSocket::open(FrameMemory& memory, const XdpSocket* first, uint32_t interface,
                     uint32_t queue, uint32_t entries) {
  memory_ = &memory;
  file_ = File(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!file_.isOpen()) return false;
  if (!first) {
    xdp_umem_reg registration{};
    registration.addr = reinterpret_cast<uintptr_t>(memory.start());
    registration.len = memory.size();
    registration.chunk_size = FrameMemory::kPieceBytes;
    if (!setOption(fd(), XDP_UMEM_REG, registration)) return false;
  }
  if (!makeRings(entries) || !mapRings(entries)) return false;
  sockaddr_xdp place{};
  place.sxdp_family = AF_XDP;
  place.sxdp_ifindex = interface;
  place.sxdp_queue_id = queue;
  // Without copying, a driver would have to be able to, and all of them alike.
  place.sxdp_flags = first ? XDP_SHARED_UMEM : XDP_COPY;
  place.sxdp_shared_umem_fd = first ? static_cast<uint32_t>(first->fd()) : 0;
  return bind(fd(), reinterpret_cast<sockaddr*>(&place), sizeof place) == 0;
}

bool XdpSocket::makeRings(uint32_t entries) {
  return setOption(fd(), XDP_UMEM_FILL_RING, entries) &&
         setOption(fd(), XDP_UMEM_COMPLETION_RING, entries) &&
         setOption(fd(), XDP_RX_RING, entries) && setOption(fd(), XDP_TX_RING, entries);
}

bool XdpSocket::mapRings(uint32_t entries) {
  xdp_mmap_offsets offsets{};
  socklen_t size = sizeof offsets;
  if (getsockopt(fd(), SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &size) != 0) return false;
  return fill_.map(fd(), static_cast<off_t>(XDP_UMEM_PGOFF_FILL_RING), offsets.fr, entries) &&
         sent_.map(fd(), static_cast<off_t>(XDP_UMEM_PGOFF_COMPLETION_RING), offsets.cr, entries) &&
         incoming_.map(fd(), XDP_PGOFF_RX_RING, offsets.rx, entries) &&
         outgoing_.map(fd(), XDP_PGOFF_TX_RING, offsets.tx, entries);
}

uint32_t XdpSocket::receive(xdp_desc* frames, uint32_t max) {
  const uint32_t count = std::min(max, incoming_.waiting());
  if (count == 0) return 0;
  for (uint32_t i = 0; i < count; i++) frames[i] = incoming_.take();
  incoming_.done();
  return count;
}

void XdpSocket::refill() {
  // Half of the pieces at the most are one socket's to fill: the rest is for what leaves.
  const auto left = static_cast<uint32_t>(std::min<size_t>(memory_->left(), fill_.size()));
  const uint32_t count = std::min(fill_.room(), left);
  if (count == 0) return;
  for (uint32_t i = 0; i < count; i++) fill_.put(memory_->take());
  fill_.publish();
}

void XdpSocket::reclaim() {
  const uint32_t count = sent_.waiting();
  if (count == 0) return;
  for (uint32_t i = 0; i < count; i++) memory_->give(sent_.take());
  sent_.done();
}

bool XdpSocket::send(const xdp_desc& frame) {
  if (outgoing_.room() <= outgoing_.unpublished()) {
    flush();
    if (outgoing_.room() == 0) return false;
  }
  outgoing_.put(frame);
  return true;
}

void XdpSocket::flush() {
  if (outgoing_.unpublished() > 0) outgoing_.publish();
  // A call sends some, and says EAGAIN when there are more; what a queue has no room for leaves
  // with a later one.
  for (int tries = kFlushes; tries > 0 && outgoing_.waiting() > 0; tries--) {
    if (sendto(fd(), nullptr, 0, MSG_DONTWAIT, nullptr, 0) < 0 && errno != EAGAIN) return;
  }
}

}  // namespace media
