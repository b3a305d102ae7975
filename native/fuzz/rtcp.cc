// Reports of both peers, whatever they claim to have heard.
#include "../src/quality.h"
#include "../src/rtp.h"
#include "steps.h"

using namespace media;
using namespace fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  RoundTrip near;
  RoundTrip far;
  Us now = 0;
  Steps steps(data, size);
  for (Step step; steps.next(step);) {
    now += Us{1} << (step.how >> 1) % 30;
    const uint8_t* packet = step.packet.get();
    if (!validRtcp(packet, step.size)) continue;
    require(step.size % 4 == 0 && !validRtp(packet, step.size), "RTP or RTCP");
    if (step.is(1)) readReports(packet, step.size, near, far, now);
    else readReports(packet, step.size, far, near, now);
  }
  const double longest = static_cast<double>(now) / 1000;
  for (const RoundTrip* trip : {&near, &far}) {
    const bool unknown = trip->lastMs() == kUnknown && trip->meanMs() == kUnknown;
    const bool sane = trip->lastMs() >= 0 && trip->lastMs() <= longest && trip->meanMs() >= 0 &&
                      trip->meanMs() <= longest;
    require(unknown || sane, "no way takes longer than there was time");
  }
  return 0;
}
