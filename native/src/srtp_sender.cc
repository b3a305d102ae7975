#include "srtp_sender.h"

#include <cstring>

#include "rtp.h"

namespace media {

namespace {

// What is older than this didn't come late: its source began anew.
constexpr uint64_t kLateMax = PacketIndex::kWindow;
// A receiver takes a longer leap ahead for one back.
constexpr uint64_t kLeapMax = 0x7fff;

}  // namespace

SrtpSender::SrtpSender(const SrtpMaster& master)
    : master_(master),
      facts_(factsOf(master.suite)),
      rtp_(master.suite, derive(master, SrtpUse::rtp), SrtpUse::rtp),
      rtcp_(master.suite, derive(master, SrtpUse::rtcp), SrtpUse::rtcp) {}

size_t SrtpSender::sealRtp(uint8_t* packet, size_t size) {
  const size_t header = rtpHeaderSize(packet, size);
  Origin* origin = find(ssrcOf(packet));
  if (!origin || header == 0) return 0;
  const int64_t taken = take(*origin, sequenceOf(packet));
  if (taken < 0) return 0;
  const auto index = static_cast<uint64_t>(taken);
  packet[2] = static_cast<uint8_t>(index >> 8);
  packet[3] = static_cast<uint8_t>(index);
  const Bytes text{packet + header, size - header};
  if (facts_.aead) {
    rtp_.seal({packet, header}, {nullptr, 0}, text, packet + size, origin->ssrc, index);
  } else {
    rtp_.crypt(text, origin->ssrc, index);
    const auto rollover = rolloverOf(index);
    const auto tag = rtp_.tag({packet, size}, rollover.data(), rollover.size());
    std::memcpy(packet + size, tag.data(), facts_.rtpTagBytes);
  }
  return size + facts_.rtpTagBytes;
}

int64_t SrtpSender::take(Origin& origin, uint16_t sequence) {
  const auto shifted = static_cast<uint16_t>(sequence + origin.shift);
  uint64_t index = origin.sent.begun() ? origin.sent.nearest(shifted) : shifted;
  const uint64_t highest = origin.sent.highest();
  const bool ancient = index < highest && highest - index >= kLateMax;
  if (origin.sent.begun() && (ancient || index > highest + kLeapMax)) {
    // One stray packet is no new beginning; two in a row are (RFC 3550 §A.1).
    const bool twice = origin.suspected && sequence == static_cast<uint16_t>(origin.suspect + 1);
    origin.suspected = true;
    origin.suspect = sequence;
    if (!twice) return -1;
    index = highest + 1;
    origin.shift = static_cast<uint16_t>(index - sequence);
  }
  origin.suspected = false;
  if (!origin.sent.fresh(index)) return -1;
  origin.sent.commit(index);
  return static_cast<int64_t>(index);
}

size_t SrtpSender::sealRtcp(uint8_t* packet, size_t size) {
  // 2^31 packets under one key, and no more (RFC 3711 §9.2).
  if (size < kRtcpReadable || (nextControl_ & kRtcpEncrypted) != 0) return 0;
  const uint32_t index = nextControl_++;
  const uint32_t ssrc = read32(packet + 4);
  const Bytes text{packet + kRtcpReadable, size - kRtcpReadable};
  uint8_t trailer[kRtcpTrailer];
  write32(trailer, index | kRtcpEncrypted);
  if (facts_.aead) {
    rtcp_.seal({packet, kRtcpReadable}, {trailer, sizeof trailer}, text, packet + size, ssrc, index);
    std::memcpy(packet + size + facts_.rtcpTagBytes, trailer, sizeof trailer);
  } else {
    rtcp_.crypt(text, ssrc, index);
    std::memcpy(packet + size, trailer, sizeof trailer);
    const auto tag = rtcp_.tag({packet, size + sizeof trailer}, nullptr, 0);
    std::memcpy(packet + size + sizeof trailer, tag.data(), facts_.rtcpTagBytes);
  }
  return size + sizeof trailer + facts_.rtcpTagBytes;
}

SrtpSender::Origin* SrtpSender::find(uint32_t ssrc) {
  for (size_t i = origins_.size(); i > 0; i--) {
    if (origins_[i - 1].ssrc == ssrc) return &origins_[i - 1];
  }
  if (origins_.size() >= kSrtpSourcesMax) return nullptr;
  origins_.emplace_back();
  origins_.back().ssrc = ssrc;
  return &origins_.back();
}

}  // namespace media
