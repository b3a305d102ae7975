#include "rtp.h"

namespace media {

namespace {

constexpr size_t kRtpHeader = 12;
constexpr size_t kRtcpHeader = 8;
constexpr uint8_t kPadding = 0x20;
constexpr uint8_t kExtension = 0x10;

bool isVersion2(uint8_t firstByte) { return firstByte >> 6 == 2; }

}  // namespace

size_t rtpHeaderSize(const uint8_t* packet, size_t size) {
  if (size < kRtpHeader || !isVersion2(packet[0]) || isRtcpType(packet[1])) return 0;
  size_t header = kRtpHeader + 4 * (packet[0] & 0x0f);
  if (packet[0] & kExtension) {
    if (size < header + 4) return 0;
    header += 4 + 4 * static_cast<size_t>(packet[header + 2] << 8 | packet[header + 3]);
  }
  return size < header ? 0 : header;
}

bool validRtp(const uint8_t* packet, size_t size) {
  const size_t header = rtpHeaderSize(packet, size);
  if (header == 0 || !(packet[0] & kPadding)) return header != 0;
  const uint8_t padding = packet[size - 1];
  return padding != 0 && header + padding <= size;
}

bool validRtcp(const uint8_t* packet, size_t size) {
  if (size < kRtcpHeader || size % 4 != 0) return false;
  size_t at = 0;
  while (at < size) {
    if (size - at < 4 || !isVersion2(packet[at]) || !isRtcpType(packet[at + 1])) return false;
    at += 4 * (1 + static_cast<size_t>(packet[at + 2] << 8 | packet[at + 3]));
  }
  return at == size;
}

}  // namespace media
