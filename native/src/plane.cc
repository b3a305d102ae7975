#include "plane.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "plan_frame.h"
#include "process_limits.h"

namespace media {

namespace {

constexpr Ms kSweepMs = 1000;
constexpr int kReadyMax = 512;
// A gateway that leaves this much unread is gone in all but name.
constexpr size_t kUnreadMax = 32 * 1024 * 1024;
constexpr size_t kFiguresUnreadMax = 64 * 1024;
// In place of a side: the stream as a whole.
constexpr uint8_t kBothSides = 2;
constexpr uint32_t kEveryStream = 0xffffffff;
// Further ones stay with the sockets.
constexpr uint32_t kSteeredStreamsMax = 16'384;

// Of so many ready ports the first waits for the last's packets to be sent: 0.2 ms at the most,
// which is as exact as jitter need be.
constexpr int kPortsPerLook = 16;

// Packets that come faster than this are let come for as long as that: a wake-up costs as much as
// relaying a packet, and nobody hears a fifth of a millisecond.
constexpr Us kBusyUs = 400;
constexpr long kRestNs = 200'000;

Us clockUs() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<Us>(time.tv_sec) * 1000000 + static_cast<Us>(time.tv_nsec) / 1000;
}

void watch(int epoll, int operation, int fd, uint32_t interest) {
  epoll_event event{};
  event.events = interest;
  epoll_ctl(epoll, operation, fd, &event);
}

}  // namespace

Plane::Plane(int control, Clock clock, int rendezvous, const KernelPath::Plan& kernel)
    : control_(control),
      clock_(clock),
      rendezvous_(rendezvous),
      kernel_(kernel),
      xdp_({kernel.steering, kernel.addresses, 2 * std::min(kernel.streams, kSteeredStreamsMax)}) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  watch(epoll_, EPOLL_CTL_ADD, control_, EPOLLIN);
  xdp_.watch(epoll_);
  look();
  nextSweep_ = now_ + kSweepMs;
}

Plane::~Plane() {
  if (control_ >= 0) ::close(control_);
  ::close(epoll_);
}

void Plane::run() {
  std::array<epoll_event, kReadyMax> ready;
  // The kernel's own slack would make rests a quarter longer.
  prctl(PR_SET_TIMERSLACK, 1000);
  hello();
  while (!ended_) {
    figures_.write(streams_);
    writeEvents();
    rest();
    const int patience = patienceMs();
    turns_.fetch_add(1, std::memory_order_relaxed);
    const int count = epoll_wait(epoll_, ready.data(), kReadyMax, patience);
    turns_.fetch_add(1, std::memory_order_relaxed);
    if (count < 0 && errno != EINTR) return;
    look();
    // Commands come last: they may close ports that are among the ready ones. What came before
    // them is relayed before, to its end.
    const auto isCommand = [](const epoll_event& event) { return event.data.ptr == nullptr; };
    const bool commanded = std::any_of(ready.data(), ready.data() + std::max(count, 0), isCommand);
    for (int i = 0; i < count; i++) {
      if (ready[i].data.ptr == &xdp_) continue;
      auto* port = static_cast<Port*>(ready[i].data.ptr);
      if (i % kPortsPerLook == kPortsPerLook - 1) look();
      if (port) relay_.receive(*port, now_, nowUs_, commanded);
    }
    // After the sockets, whose packets came before where a stream has just moved.
    xdp_.receive(relay_, now_, nowUs_);
    if (commanded && control_ >= 0) readCommands();
    else if (commanded) adopted(rendezvous_.take());
    if (control_ < 0 && now_ >= orphanEnds_) ended_ = true;
    negotiator_.wake(now_);
    if (now_ >= nextSweep_) sweep();
  }
  writeEvents();
}

void Plane::rest() {
  if (clock_ == Clock::manual) return;
  const Us now = clockUs();
  const bool busy = now - lastWait_ < kBusyUs;
  lastWait_ = now;
  if (!busy || live_ == 0) return;
  const timespec rest{0, kRestNs};
  nanosleep(&rest, nullptr);
}

void Plane::look() {
  if (clock_ == Clock::manual) return;
  nowUs_ = clockUs();
  now_ = static_cast<Ms>(nowUs_ / 1000);
}

void Plane::hello() {
  FrameWriter frame(events_, EventKind::hello);
  frame.u16(kProtocolVersion);
  frame.u32(static_cast<uint32_t>(getpid()));
  frame.u32(static_cast<uint32_t>(live_));
  frame.u32(raiseFileLimit());
  frame.u8(kDropNames.size());
  for (const char* name : kDropNames) frame.text(name);
  frame.text(negotiator_.fingerprint().text());
  frame.text(negotiator_.fingerprint(FingerprintHash::sha384).text());
  frame.text(kernel_.fault());
  frame.text(xdp_.fault());
}

int Plane::patienceMs() const {
  if (figures_.unfinished()) return 0;
  if (clock_ == Clock::manual || live_ == 0) return -1;
  Ms next = std::min(nextSweep_, negotiator_.deadline());
  if (control_ < 0) next = std::min(next, orphanEnds_);
  return next > now_ ? static_cast<int>(next - now_) : 0;
}

void Plane::readCommands() {
  const ssize_t got =
      recv(control_, commands_.data() + unfinished_, commands_.size() - unfinished_, MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) orphaned();
  if (got <= 0) return;
  std::string_view rest(commands_.data(), unfinished_ + static_cast<size_t>(got));
  while (rest.size() >= kFrameHeader) {
    const size_t length = static_cast<uint8_t>(rest[0]) | static_cast<uint8_t>(rest[1]) << 8;
    if (rest.size() < kFrameHeader + length) break;
    const auto kind = static_cast<CommandKind>(rest[2]);
    if (!perform(kind, rest.substr(kFrameHeader, length))) {
      ended_ = true;
      return;
    }
    rest.remove_prefix(kFrameHeader + length);
  }
  std::memmove(commands_.data(), rest.data(), rest.size());
  unfinished_ = rest.size();
}

void Plane::orphaned() {
  if (outliveMs_ == 0 || live_ == 0 || !rendezvous_.isOpen()) {
    ended_ = true;
    return;
  }
  ::close(control_);
  control_ = -1;
  unfinished_ = 0;
  awaitsRoom_ = false;
  orphanEnds_ = now_ + outliveMs_;
  watch(epoll_, EPOLL_CTL_ADD, rendezvous_.fd(), EPOLLIN);
}

void Plane::adopted(int control) {
  if (control < 0) return;
  control_ = control;
  watch(epoll_, EPOLL_CTL_DEL, rendezvous_.fd(), 0);
  watch(epoll_, EPOLL_CTL_ADD, control_, EPOLLIN);
  // What it was to tell the other one is of no use to this one.
  events_.clear();
  hello();
  for (const auto& stream : streams_) {
    if (!stream) continue;
    FrameWriter frame(events_, EventKind::inventory);
    frame.u32(stream->slot);
    frame.text(stream->name);
  }
}

void Plane::writeEvents() {
  if (control_ < 0) {
    events_.clear();
    return;
  }
  while (!events_.empty()) {
    const ssize_t sent = send(control_, events_.data(), events_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent <= 0) break;
    events_.erase(0, static_cast<size_t>(sent));
  }
  if (events_.size() > kUnreadMax) ended_ = true;
  if (events_.empty() != awaitsRoom_) return;
  awaitsRoom_ = !awaitsRoom_;
  watch(epoll_, EPOLL_CTL_MOD, control_, awaitsRoom_ ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

bool Plane::perform(CommandKind kind, std::string_view payload) {
  FrameReader frame(payload);
  switch (kind) {
    case CommandKind::stream:
      return stream(frame);
    case CommandKind::close:
      return close(frame);
    case CommandKind::counters:
      return counters(frame);
    case CommandKind::fence: {
      const uint32_t number = frame.u32();
      FrameWriter(events_, EventKind::fence).u32(number);
      return frame.ok();
    }
    case CommandKind::advance:
      if (clock_ != Clock::manual) return false;
      now_ += frame.u32();
      nowUs_ = static_cast<Us>(now_) * 1000;
      if (now_ >= nextSweep_) sweep();
      return frame.ok();
    case CommandKind::outlive:
      outliveMs_ = frame.u32();
      return frame.ok();
    case CommandKind::figures:
      figures_.setInterval(frame.u32(), now_);
      return frame.ok();
    case CommandKind::kernel:
      turn(frame.u32() != 0);
      return frame.ok();
  }
  return false;
}

bool Plane::stream(FrameReader& frame) {
  const uint32_t slot = frame.u32();
  const std::string_view name = frame.text();
  StreamPlan plan;
  plan.opaque = frame.u8() != 0;
  plan.silenceMs = frame.u32();
  for (EndPlan& end : plan.ends) end = readEnd(frame);
  if (!frame.ok() || slot >= kStreamsMax) return false;

  if (slot >= streams_.size()) streams_.resize(slot + 1);
  auto stream = std::move(streams_[slot]);
  const bool fresh = !stream;
  if (fresh) stream = std::make_unique<Stream>(slot);
  stream->name = name;
  const bool hadKey[] = {stream->ends[0].secure.opens(), stream->ends[1].secure.opens()};
  // What the kernel relays follows no description.
  takeBack(*stream);
  const Stream::Outcome outcome = stream->apply(plan, bundles_, epoll_, now_);
  if (outcome.failure) {
    FrameWriter event(events_, EventKind::failed);
    event.u32(slot);
    event.u8(kBothSides);
    event.text(outcome.failure);
  }
  for (size_t side = 0; side < 2 && !outcome.failure; side++) {
    negotiator_.agree(*stream->ends[side].carrier, plan.ends[side], now_);
  }
  if (outcome.replaced) {
    write(EventKind::closed, slot, stream.get(), false);
    stream->resetCounters();
  }
  if (!stream->live()) {
    xdp_.forget(*stream);
    return true;
  }
  for (size_t side = 0; side < 2; side++) {
    if (!hadKey[side]) followFormer(stream->ends[side]);
  }
  live_ += fresh;
  streams_[slot] = std::move(stream);
  return true;
}

// A call that changes its ports has a stream of its own for that, beside the former one for a
// while, and a call that joins another has too; the peers' packets go on counting.
void Plane::followFormer(End& end) {
  if (!end.secure.opens()) return;
  for (const auto& stream : streams_) {
    if (!stream || stream.get() == end.stream) continue;
    for (const End& other : stream->ends) {
      if (end.secure.follow(other.secure)) return;
    }
  }
}

void Plane::takeBack(Stream& stream) {
  xdp_.takeBack(stream);
  kernel_.takeBack(stream);
}

void Plane::turn(bool on) {
  kernel_.turn(on, streams_);
  xdp_.turn(on, streams_);
}

bool Plane::close(FrameReader& frame) {
  const uint32_t slot = frame.u32();
  if (!frame.ok()) return false;
  const auto stream = slot < streams_.size() ? std::move(streams_[slot]) : nullptr;
  live_ -= stream ? 1 : 0;
  if (stream) {
    takeBack(*stream);
    // What came for it and waits is still its own.
    xdp_.receive(relay_, now_, nowUs_);
    xdp_.forget(*stream);
  }
  for (size_t side = 0; stream && side < 2; side++) bundles_.leave(stream->ends[side], epoll_);
  if (stream) negotiator_.part(*stream, now_);
  // A stream that never opened is closed all the same: its end must be told.
  write(EventKind::closed, slot, stream.get(), true);
  return true;
}

bool Plane::counters(FrameReader& frame) {
  const uint32_t slot = frame.u32();
  if (!frame.ok()) return false;
  if (slot == kEveryStream) {
    for (const auto& stream : streams_) {
      if (stream) write(EventKind::counters, stream->slot, stream.get(), false);
    }
  } else if (slot < streams_.size() && streams_[slot]) {
    write(EventKind::counters, slot, streams_[slot].get(), false);
  }
  return true;
}

void Plane::sweep() {
  nextSweep_ = now_ + kSweepMs;
  kernel_.sweep(streams_, now_);
  xdp_.sweep(streams_, now_);
  // Whoever hasn't read the last figures has no use for further ones.
  if (events_.size() < kFiguresUnreadMax) figures_.begin(now_);
  for (const auto& stream : streams_) {
    if (!stream || stream->silenceMs == 0 || stream->silent) continue;
    const Ms silence = now_ - stream->lastPacket;
    if (silence < stream->silenceMs) continue;
    stream->silent = true;
    FrameWriter event(events_, EventKind::silent);
    event.u32(stream->slot);
    event.u32(static_cast<uint32_t>(silence));
  }
}

void Plane::write(EventKind kind, uint32_t slot, Stream* stream, bool final) {
  static const Counters none;
  FrameWriter frame(events_, kind);
  frame.u32(slot);
  frame.u8(final);
  if (stream) return writeCounters(frame, *stream);
  for (size_t side = 0; side < 2; side++) writeCounters(frame, none);
}

}  // namespace media
