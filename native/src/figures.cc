#include "figures.h"

namespace media {

namespace {

// A frame's length has 16 bits, and one stream has no more than half a KiB to tell.
constexpr size_t kFrameMax = 32 * 1024;

}  // namespace

void writeCounters(FrameWriter& frame, const Counters& counters) {
  const Quality& quality = counters.quality;
  frame.count(counters.packetsIn);
  frame.count(counters.bytesIn);
  frame.count(counters.rtcpIn);
  frame.count(counters.packetsOut);
  frame.count(counters.packetsByKernel);
  frame.count(quality.sequence().lost());
  frame.count(quality.sequence().reordered());
  frame.count(quality.sequence().duplicates());
  frame.count(quality.dtmfEvents());
  frame.real(quality.jitter().nowMs());
  frame.real(quality.jitter().meanMs());
  frame.real(counters.roundTrip.lastMs());
  frame.real(counters.roundTrip.meanMs());
  frame.u8(quality.payloadType());
  uint8_t kinds = 0;
  for (const uint64_t drops : counters.drops) kinds += drops > 0;
  frame.u8(kinds);
  for (size_t i = 0; i < counters.drops.size(); i++) {
    if (counters.drops[i] == 0) continue;
    frame.u8(static_cast<uint8_t>(i));
    frame.count(counters.drops[i]);
  }
}

void writeCounters(FrameWriter& frame, Stream& stream) {
  // Each side's packets are counted for both.
  for (End& end : stream.ends) end.absorb();
  for (const End& end : stream.ends) writeCounters(frame, end.counters);
}

void Figures::setInterval(Ms interval, Ms now) {
  interval_ = interval;
  next_ = now + interval;
}

void Figures::begin(Ms now) {
  if (interval_ == 0 || begun_ || now < next_) return;
  next_ = now + interval_;
  since_ = until_;
  until_ = now;
  at_ = 0;
  begun_ = true;
}

void Figures::write(const std::vector<std::unique_ptr<Stream>>& streams) {
  if (!begun_) return;
  FrameWriter frame(events_, EventKind::figures);
  const size_t last = events_.size();
  frame.u8(0);
  for (; at_ < streams.size() && frame.size() < kFrameMax; at_++) {
    const auto& stream = streams[at_];
    if (!stream || stream->lastPacket < since_) continue;
    frame.u32(stream->slot);
    writeCounters(frame, *stream);
  }
  if (at_ < streams.size()) return;
  events_[last] = 1;
  begun_ = false;
}

}  // namespace media
