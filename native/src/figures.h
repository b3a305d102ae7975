#pragma once

#include <memory>
#include <string>
#include <vector>

#include "frame.h"
#include "stream.h"

namespace media {

// One end's account, as every frame has it that tells of it.
void writeCounters(FrameWriter& frame, const Counters& counters);
// Both of a stream, what the kernel has counted with it.
void writeCounters(FrameWriter& frame, Stream& stream);

// Tells the gateway every few seconds what all streams have counted that heard something since:
// one batch, written frame by frame between packets, so that none waits for thousands of streams.
class Figures {
 public:
  // Frames are appended to `events`.
  explicit Figures(std::string& events) : events_(events) {}

  // 0: none are told.
  void setInterval(Ms interval, Ms now);
  // Begins a batch when it is time.
  void begin(Ms now);
  // Writes the next frame of a batch that was begun.
  void write(const std::vector<std::unique_ptr<Stream>>& streams);
  bool unfinished() const { return begun_; }

 private:
  std::string& events_;
  Ms interval_ = 0;
  Ms next_ = 0;
  // When the last batch began, and this one.
  Ms since_ = 0;
  Ms until_ = 0;
  // The stream that the batch goes on with.
  size_t at_ = 0;
  bool begun_ = false;
};

}  // namespace media
