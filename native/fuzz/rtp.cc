// One end's account of RTP, whatever its peer numbers, stamps and pads.
#include "../src/rtp.h"

#include "../src/quality.h"
#include "steps.h"

using namespace media;
using namespace fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Formats formats;
  formats.add(0, 8000, Formats::Use::media);
  formats.add(96, 90000, Formats::Use::media);
  formats.add(101, 8000, Formats::Use::events);
  formats.add(13, 8000, Formats::Use::aside);
  Quality quality;
  Us now = 0;
  uint64_t valid = 0;
  Steps steps(data, size);
  for (Step step; steps.next(step);) {
    // From nothing to a quarter of an hour, and most often some 20 ms.
    now += Us{1} << (step.how % 30);
    const uint8_t* packet = step.packet.get();
    const size_t header = rtpHeaderSize(packet, step.size);
    require(header <= step.size, "a header is in its packet");
    if (!validRtp(packet, step.size)) continue;
    require(header >= 12 && !validRtcp(packet, step.size), "RTP or RTCP");
    quality.count(packet, step.size, formats, now);
    valid++;
  }
  require(quality.sequence().lost() <= valid << 16, "no more lost than the numbers have room for");
  require(quality.sequence().duplicates() + quality.sequence().reordered() <= valid, "of what came");
  require(quality.dtmfEvents() <= valid, "a digit has a packet");
  require(quality.jitter().nowMs() >= kUnknown && quality.jitter().meanMs() >= kUnknown, "jitter");
  return 0;
}
