#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bundles.h"
#include "figures.h"
#include "frame.h"
#include "kernel_path.h"
#include "negotiator.h"
#include "relay.h"
#include "rendezvous.h"
#include "stream.h"
#include "watchdog.h"
#include "xdp_path.h"

namespace media {

// The media plane: one loop over its ports and the control socket, on the thread that calls
// `run`. It ends with the control socket, or goes on for a while without: its gateway has died, and
// another may come to the rendezvous and find the streams as they are.
class Plane {
 public:
  enum class Clock : uint8_t { real, manual };

  // Takes both sockets over and closes them in the end; `rendezvous` may be none.
  Plane(int control, Clock clock, int rendezvous = -1, const KernelPath::Plan& kernel = {});
  ~Plane();
  Plane(const Plane&) = delete;
  Plane& operator=(const Plane&) = delete;

  void run();
  // Whether it fills tables of the kernel.
  bool usesKernel() const { return kernel_.fault().empty() || xdp_.fault().empty(); }
  const Watchdog::Turns& turns() const { return turns_; }

  static constexpr uint32_t kStreamsMax = 1 << 16;

 private:
  void hello();
  // Looks at the clock.
  void look();
  int patienceMs() const;
  // Lets more packets come when they come fast, so that a wake-up is for several.
  void rest();
  void readCommands();
  // The gateway has gone without a word: the streams go on.
  void orphaned();
  // Another gateway takes over.
  void adopted(int control);
  void writeEvents();
  // False when it isn't our language: whoever speaks there isn't our gateway.
  bool perform(CommandKind kind, std::string_view payload);
  bool stream(FrameReader& frame);
  // From here on the stream is the sockets' alone.
  void takeBack(Stream& stream);
  // Whether anything goes by the kernel.
  void turn(bool on);
  void followFormer(End& end);
  bool close(FrameReader& frame);
  bool counters(FrameReader& frame);
  void sweep();
  void write(EventKind kind, uint32_t slot, Stream* stream, bool final);

  int control_;
  const Clock clock_;
  int epoll_ = -1;
  Watchdog::Turns turns_{1};
  bool ended_ = false;
  bool awaitsRoom_ = false;
  Rendezvous rendezvous_;
  Ms outliveMs_ = 0;
  // Without a gateway: when the plane ends.
  Ms orphanEnds_ = 0;
  Ms now_ = 0;
  Us nowUs_ = 0;
  Ms nextSweep_ = 0;
  // When packets were last waited for.
  Us lastWait_ = 0;
  size_t live_ = 0;
  // What was read of the control socket; its first part may be half a frame (which is at most
  // half of it).
  std::array<char, 128 * 1024> commands_;
  size_t unfinished_ = 0;
  std::string events_;
  std::vector<std::unique_ptr<Stream>> streams_;
  KernelPath kernel_;
  XdpPath xdp_;
  Figures figures_{events_};
  Negotiator negotiator_{events_};
  Bundles bundles_{negotiator_};
  Relay relay_{events_, negotiator_};
};

}  // namespace media
