#include "srtp_receiver.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "rtp.h"

namespace media {

SrtpReceiver::SrtpReceiver(const SrtpMaster& master)
    : master_(master),
      facts_(factsOf(master.suite)),
      rtp_(master.suite, derive(master, SrtpUse::rtp), SrtpUse::rtp),
      rtcp_(master.suite, derive(master, SrtpUse::rtcp), SrtpUse::rtcp) {}

void SrtpReceiver::follow(const SrtpReceiver& former) {
  for (const Origin& origin : former.origins_) {
    // What that one only knew of others is left: peers with one key for all calls have no end of
    // sources.
    if (!origin.own) continue;
    Origin next;
    next.ssrc = origin.ssrc;
    next.former = origin.rtp.highest();
    if (former.master_ == master_) next = origin;
    else if (!origin.rtp.begun()) continue;
    next.own = false;
    origins_.push_back(next);
  }
}

SrtpReceiver::Verdict SrtpReceiver::openRtp(uint8_t* packet, size_t& size) {
  const size_t header = rtpHeaderSize(packet, size);
  // AEAD has its tag before the MKI, SHA-1 behind it (RFC 7714 §8.3, RFC 3711 §3.1).
  const size_t trailer = facts_.rtpTagBytes + master_.mkiBytes;
  if (header == 0 || size < header + trailer) return Verdict::unauthentic;
  const size_t end = size - trailer;
  const size_t tagAt = facts_.aead ? end : end + master_.mkiBytes;
  if (!namesKey(packet + (facts_.aead ? end + facts_.rtpTagBytes : end))) return Verdict::unauthentic;

  const uint32_t ssrc = ssrcOf(packet);
  Origin* origin = find(ssrc);
  const Guesses guesses = guess(origin, sequenceOf(packet));
  if (origin && origin->rtp.begun() && !origin->rtp.fresh(guesses.at[0])) return Verdict::replayed;
  for (size_t i = 0; i < guesses.count; i++) {
    if (!openOne(packet, header, end, tagAt, ssrc, guesses.at[i])) continue;
    // Only what is authentic may be remembered.
    if (!origin) origin = admit(ssrc);
    if (!origin) return Verdict::replayed;
    origin->rtp.commit(guesses.at[i]);
    origin->own = true;
    size = end;
    return Verdict::opened;
  }
  return Verdict::unauthentic;
}

SrtpReceiver::Guesses SrtpReceiver::guess(const Origin* origin, uint16_t sequence) {
  if (origin && origin->rtp.begun()) return {{origin->rtp.nearest(sequence)}, 1};
  Guesses guesses{{}, 0};
  if (origin) guesses.at[guesses.count++] = PacketIndex::nearest(origin->former, sequence);
  guesses.at[guesses.count++] = sequence;
  // The packets before may have been lost together with the turn of the counter.
  guesses.at[guesses.count++] = uint64_t{0x10000} + sequence;
  return guesses;
}

bool SrtpReceiver::openOne(uint8_t* packet, size_t header, size_t end, size_t tagAt, uint32_t ssrc,
                           uint64_t index) {
  const Bytes text{packet + header, end - header};
  if (facts_.aead) {
    return rtp_.open({packet, header}, {nullptr, 0}, text, packet + tagAt, ssrc, index);
  }
  const auto rollover = rolloverOf(index);
  const auto tag = rtp_.tag({packet, end}, rollover.data(), rollover.size());
  if (CRYPTO_memcmp(tag.data(), packet + tagAt, facts_.rtpTagBytes) != 0) return false;
  rtp_.crypt(text, ssrc, index);
  return true;
}

SrtpReceiver::Verdict SrtpReceiver::openRtcp(uint8_t* packet, size_t& size) {
  const size_t tag = facts_.rtcpTagBytes;
  const size_t trailer = kRtcpTrailer + master_.mkiBytes + tag;
  if (size < kRtcpReadable + trailer) return Verdict::unauthentic;
  const size_t end = size - trailer;
  // AEAD: text, tag, index, MKI (RFC 7714 §9.3); SHA-1: text, index, MKI, tag (RFC 3711 §3.4).
  const size_t trailerAt = facts_.aead ? end + tag : end;
  const size_t tagAt = facts_.aead ? end : end + kRtcpTrailer + master_.mkiBytes;
  if (!namesKey(packet + trailerAt + kRtcpTrailer)) return Verdict::unauthentic;

  const uint32_t ssrc = read32(packet + 4);
  const uint64_t index = read32(packet + trailerAt) & ~kRtcpEncrypted;
  Origin* origin = find(ssrc);
  if (origin && !origin->rtcp.fresh(index)) return Verdict::replayed;
  if (!openControl(packet, trailerAt, tagAt, ssrc)) return Verdict::unauthentic;
  if (!origin) origin = admit(ssrc);
  if (!origin) return Verdict::replayed;
  origin->rtcp.commit(index);
  origin->own = true;
  size = end;
  return Verdict::opened;
}

bool SrtpReceiver::openControl(uint8_t* packet, size_t trailerAt, size_t tagAt, uint32_t ssrc) {
  const uint32_t word = read32(packet + trailerAt);
  const bool encrypted = word & kRtcpEncrypted;
  const uint64_t index = word & ~kRtcpEncrypted;
  const size_t end = std::min(trailerAt, tagAt);
  const Bytes trailer{packet + trailerAt, kRtcpTrailer};
  const Bytes text{packet + kRtcpReadable, end - kRtcpReadable};
  if (facts_.aead) {
    // What isn't encrypted is all vouched for (RFC 7714 §9.3).
    return encrypted ? rtcp_.open({packet, kRtcpReadable}, trailer, text, packet + tagAt, ssrc, index)
                     : rtcp_.open({packet, end}, trailer, {text.at, 0}, packet + tagAt, ssrc, index);
  }
  const auto tag = rtcp_.tag({packet, end}, trailer.at, trailer.size);
  if (CRYPTO_memcmp(tag.data(), packet + tagAt, facts_.rtcpTagBytes) != 0) return false;
  if (encrypted) rtcp_.crypt(text, ssrc, index);
  return true;
}

bool SrtpReceiver::namesKey(const uint8_t* mki) const {
  uint32_t named = 0;
  for (size_t i = 0; i < master_.mkiBytes; i++) {
    if (named >> 24 != 0) return false;
    named = named << 8 | mki[i];
  }
  return named == master_.mki;
}

SrtpReceiver::Origin* SrtpReceiver::find(uint32_t ssrc) {
  // The latest is at the back, and speaks most.
  for (size_t i = origins_.size(); i > 0; i--) {
    if (origins_[i - 1].ssrc == ssrc) return &origins_[i - 1];
  }
  return nullptr;
}

SrtpReceiver::Origin* SrtpReceiver::admit(uint32_t ssrc) {
  if (origins_.size() >= kSrtpSourcesMax) {
    const auto borrowed = [](const Origin& origin) { return !origin.own; };
    const auto found = std::find_if(origins_.begin(), origins_.end(), borrowed);
    if (found == origins_.end()) return nullptr;
    origins_.erase(found);
  }
  origins_.emplace_back();
  origins_.back().ssrc = ssrc;
  return &origins_.back();
}

}  // namespace media
