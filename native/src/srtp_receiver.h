#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "packet_index.h"
#include "srtp_cipher.h"
#include "srtp_packet.h"

namespace media {

// What one peer protects for us under one master key. Packets are opened where they are.
class SrtpReceiver {
 public:
  enum class Verdict : uint8_t { opened, unauthentic, replayed };

  explicit SrtpReceiver(const SrtpMaster& master);

  const SrtpMaster& master() const { return master_; }
  bool begun() const { return !origins_.empty(); }
  // A new key of the same peer: its sources may go on counting where they were (RFC 3711 §3.3.1)
  // or begin anew. Under the same key they can't begin anew, and what came there came.
  void follow(const SrtpReceiver& former);

  // On `opened` the packet is plain and `size` its own; else both are what they were.
  Verdict openRtp(uint8_t* packet, size_t& size);
  Verdict openRtcp(uint8_t* packet, size_t& size);

 private:
  struct Origin {
    uint32_t ssrc = 0;
    // Where a former key left off.
    uint64_t former = 0;
    PacketIndex rtp;
    PacketIndex rtcp;
    // Something came from it here, and not only where another receiver has the same key.
    bool own = false;
  };

  // The indices that a packet may have: one, or for the first of its source a few.
  struct Guesses {
    uint64_t at[3];
    size_t count;
  };

  Origin* find(uint32_t ssrc);
  Origin* admit(uint32_t ssrc);
  static Guesses guess(const Origin* origin, uint16_t sequence);
  bool openOne(uint8_t* packet, size_t header, size_t end, size_t tagAt, uint32_t ssrc,
               uint64_t index);
  bool openControl(uint8_t* packet, size_t trailerAt, size_t tagAt, uint32_t ssrc);
  bool namesKey(const uint8_t* mki) const;

  const SrtpMaster master_;
  const SrtpSuiteFacts& facts_;
  SrtpCipher rtp_;
  SrtpCipher rtcp_;
  std::vector<Origin> origins_;
};

}  // namespace media
