#include "quality.h"

#include "rtp.h"

namespace media {

namespace {

constexpr uint8_t kSenderReport = 200;
constexpr uint8_t kReceiverReport = 201;
constexpr size_t kReportBlock = 24;
// Where the report blocks begin (RFC 3550 §6.4.1, §6.4.2).
constexpr size_t kSenderBlocks = 28;
constexpr size_t kReceiverBlocks = 8;
constexpr double kDelayUnitUs = 1e6 / 65536;
// A peer's clock of 1/65,536 s and ours needn't agree to the last; a way takes no less than none.
constexpr double kEarlyUs = -20000;

// No first byte of a telephone event.
constexpr uint16_t kNoEvent = 0x100;

}  // namespace

void RoundTrip::left(uint32_t report, Us now) {
  reports_[next_] = {report, now};
  next_ = static_cast<uint8_t>((next_ + 1) % kReports);
}

void RoundTrip::answered(uint32_t report, uint32_t keptFor, Us now) {
  // It has had none yet.
  if (report == 0) return;
  for (size_t back = 1; back <= kReports; back++) {
    const Report& one = reports_[(next_ + kReports - back) % kReports];
    if (one.stamp != report) continue;
    const double way = static_cast<double>(now - one.left) - keptFor * kDelayUnitUs;
    if (way < kEarlyUs) return;
    last_ = way > 0 ? way : 0;
    sum_ += last_;
    measured_++;
    return;
  }
}

void Quality::count(const uint8_t* rtp, size_t size, const Formats& formats, Us now) {
  const size_t header = rtpHeaderSize(rtp, size);
  const RtpFacts facts{
      .ssrc = ssrcOf(rtp),
      .timestamp = timestampOf(rtp),
      .number = sequenceOf(rtp),
      .payloadType = payloadTypeOf(rtp),
      .event = header < size ? uint16_t{rtp[header]} : kNoEvent,
  };
  countPacket(&state_, &formats.table(), &facts, now * 1000);
}

void readReports(const uint8_t* rtcp, size_t size, RoundTrip& from, RoundTrip& to, Us now) {
  size_t at = 0;
  while (at + kReceiverBlocks <= size) {
    const uint8_t* part = rtcp + at;
    const size_t length = 4 * (1 + static_cast<size_t>(part[2] << 8 | part[3]));
    const bool isSender = part[1] == kSenderReport;
    at += length;
    if (at > size || (!isSender && part[1] != kReceiverReport)) continue;
    const size_t first = isSender ? kSenderBlocks : kReceiverBlocks;
    if (isSender && length >= first) to.left(read32(part + 10), now);
    const size_t count = part[0] & 0x1f;
    for (size_t block = first; block < first + count * kReportBlock; block += kReportBlock) {
      if (block + kReportBlock > length) break;
      from.answered(read32(part + block + 16), read32(part + block + 20), now);
    }
  }
}

}  // namespace media
