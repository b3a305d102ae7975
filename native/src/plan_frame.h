#pragma once

#include "frame.h"
#include "stream.h"

namespace media {

// One end of a stream as the gateway's frame has it.
EndPlan readEnd(FrameReader& frame);

}  // namespace media
