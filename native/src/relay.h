#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

#include "address.h"
#include "negotiator.h"
#include "stream.h"

namespace media {

// Takes what waits on a port and sends on what may pass. Packets are read and sent in batches,
// and never copied.
class Relay {
 public:
  // Events are appended to `events` as frames.
  Relay(std::string& events, Negotiator& negotiator);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // `arrival` is the same clock, finer.
  void receive(Port& port, Ms now, Us arrival);

 private:
  static constexpr size_t kBatch = 32;
  // A jumbo frame's worth; what is longer is dropped, never cut.
  static constexpr size_t kPacketBytes = 9216;

  // The packets of one batch that leave by one port.
  struct Departure {
    std::array<mmsghdr, kBatch> messages;
    unsigned size = 0;
  };

  // Judges packet number `i` of the batch, and books it.
  void take(size_t i, Port& port, Ms now);
  // Hands on what is no media; false when it is.
  bool negotiate(size_t i, Port& port, Ms now);
  // Makes it plain and says what it is, and its size; false when it was dropped, and counted.
  bool read(size_t i, Port& port, Ms now, bool& rtcp, size_t& size);
  bool open(size_t i, Port& port, Ms now, bool rtcp, size_t& size);
  bool admit(size_t i, Port& port, Ms now);
  void pass(size_t i, Port& port, Ms now, bool rtcp, size_t size);
  void learnt(Port& port);
  void send(Departure& departure, End& from, bool rtcp);

  std::string& events_;
  Negotiator& negotiator_;
  Us arrival_ = 0;
  std::array<std::array<uint8_t, kPacketBytes + kSrtpGrowth>, kBatch> packets_;
  std::array<iovec, kBatch> vectors_;
  std::array<Address, kBatch> sources_;
  std::array<mmsghdr, kBatch> received_{};
  std::array<Departure, 2> departures_;
};

}  // namespace media
