#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "packet_index.h"
#include "srtp_cipher.h"
#include "srtp_packet.h"

namespace media {

// What we protect for one peer under one master key. No index is ever used twice: whatever the
// other end's peer does to its sequence numbers, the key stream is not reused.
class SrtpSender {
 public:
  explicit SrtpSender(const SrtpMaster& master);

  const SrtpMaster& master() const { return master_; }

  // Protects a valid packet where it is, with `kSrtpGrowth` bytes of room behind it, and says its
  // new size; 0 when it was sent before or is too late, and may not leave.
  size_t sealRtp(uint8_t* packet, size_t size);
  size_t sealRtcp(uint8_t* packet, size_t size);

 private:
  struct Origin {
    uint32_t ssrc = 0;
    // Added to what the source says: it began its numbers anew, and the peer mustn't notice.
    uint16_t shift = 0;
    uint16_t suspect = 0;
    bool suspected = false;
    PacketIndex sent;
  };

  Origin* find(uint32_t ssrc);
  // The index for the next packet with this number, or -1.
  int64_t take(Origin& origin, uint16_t sequence);

  const SrtpMaster master_;
  const SrtpSuiteFacts& facts_;
  SrtpCipher rtp_;
  SrtpCipher rtcp_;
  std::vector<Origin> origins_;
  uint32_t nextControl_ = 1;
};

}  // namespace media
