#pragma once

#include <cstdint>

#include "bpf.h"
#include "frame_memory.h"
#include "xdp_ring.h"

namespace media {

// One AF_XDP socket: the frames of one queue of one interface, in and out. What it takes in and
// sends lies in memory that all sockets share, so that a frame which came by one leaves by another
// where it lies.
class XdpSocket {
 public:
  // `first` has the memory registered already; nullptr for the first itself. False: errno says why.
  bool open(FrameMemory& memory, const XdpSocket* first, uint32_t interface, uint32_t queue,
            uint32_t entries);
  int fd() const { return file_.fd(); }

  // The frames that came, which are the caller's from here on; `max` at the most.
  uint32_t receive(xdp_desc* frames, uint32_t max);
  // Lets the kernel have pieces for further ones, as long as there are any.
  void refill();
  // Takes back what has left.
  void reclaim();
  // False when it can't be taken, and is still the caller's. It leaves with the next `flush`.
  bool send(const xdp_desc& frame);
  void flush();

 private:
  bool makeRings(uint32_t entries);
  bool mapRings(uint32_t entries);

  FrameMemory* memory_ = nullptr;
  File file_;
  XdpRing<uint64_t> fill_;
  XdpRing<uint64_t> sent_;
  XdpRing<xdp_desc> incoming_;
  XdpRing<xdp_desc> outgoing_;
};

}  // namespace media
