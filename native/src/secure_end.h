#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "key_shelf.h"
#include "source.h"
#include "srtp_receiver.h"
#include "srtp_sender.h"

namespace media {

// The protection of one end: what its peer's packets are opened with, and ours sealed.
class SecureEnd {
 public:
  // How long packets under the former key may still be on their way.
  static constexpr Ms kFormerMs = 10000;

  // Keys that stay the same go on counting, and so do those that come back.
  void agree(const SrtpMaster& inbound, const SrtpMaster& outbound, Ms now);

  // Goes on counting where another end was whose peer has the same key: the stream has new ports.
  // False when it is another peer's.
  bool follow(const SecureEnd& former);

  bool opens() const { return receiver_ != nullptr; }
  bool seals() const { return sender_ != nullptr; }
  SrtpReceiver::Verdict open(uint8_t* packet, size_t& size, bool rtcp, Ms now);
  // The new size, or 0 when the packet may not leave.
  size_t seal(uint8_t* packet, size_t size, bool rtcp);

 private:
  void agreeInbound(const SrtpMaster& inbound, Ms now);

  std::unique_ptr<SrtpReceiver> receiver_;
  std::unique_ptr<SrtpReceiver> former_;
  std::unique_ptr<SrtpSender> sender_;
  KeyShelf<SrtpReceiver> formerReceivers_;
  KeyShelf<SrtpSender> formerSenders_;
  Ms formerEnds_ = 0;
};

}  // namespace media
