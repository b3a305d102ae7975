#include "quality.h"

#include <cmath>

#include "rtp.h"

namespace media {

namespace {

// A clock that leaps further didn't jitter: its sender paused, as for a hold, and began anew.
constexpr double kLeapUs = 1e6;
constexpr double kSmoothing = 16;

constexpr uint8_t kSenderReport = 200;
constexpr uint8_t kReceiverReport = 201;
constexpr size_t kReportBlock = 24;
// Where the report blocks begin (RFC 3550 §6.4.1, §6.4.2).
constexpr size_t kSenderBlocks = 28;
constexpr size_t kReceiverBlocks = 8;
constexpr double kDelayUnitUs = 1e6 / 65536;
// A peer's clock of 1/65,536 s and ours needn't agree to the last; a way takes no less than none.
constexpr double kEarlyUs = -20000;

// The digits, * and #, and A to D (RFC 4733 §3.2); beyond them are hook flash, tones and modems.
constexpr uint8_t kDigitLast = 15;
// As long as one event's duration counts (RFC 4733 §2.3.5): an older one's packet came late.
constexpr int32_t kEventMax = 0xffff;

}  // namespace

void Jitter::count(uint32_t timestamp, double stepUs, Us now) {
  const bool comparable = stepUs != 0 && stepUs == stepUs_;
  // Further packets of one frame bear its timestamp, and leave when they can.
  if (comparable && timestamp == timestamp_) return;
  const double steps = static_cast<int32_t>(timestamp - timestamp_);
  const double difference = std::fabs(static_cast<double>(now - arrival_) - steps * stepUs);
  arrival_ = now;
  timestamp_ = timestamp;
  stepUs_ = stepUs;
  if (!comparable || difference > kLeapUs) return;
  estimate_ += (difference - estimate_) / kSmoothing;
  sum_ += estimate_;
  compared_++;
}

void Jitter::restart() {
  estimate_ = 0;
  stepUs_ = 0;
}

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
  const Sequence::Arrival arrival = sequence_.count(ssrcOf(rtp), sequenceOf(rtp));
  if (arrival == Sequence::Arrival::first) jitter_.restart();
  if (arrival == Sequence::Arrival::duplicate || arrival == Sequence::Arrival::stray) return;
  const uint8_t type = payloadTypeOf(rtp);
  // All packets of an event bear the time of its beginning: they say nothing of jitter.
  const Formats::Use use = formats.use(type);
  if (use == Formats::Use::events) countEvent(rtp, size);
  if (use != Formats::Use::media) return;
  payloadType_ = type;
  jitter_.count(timestampOf(rtp), formats.stepUs(type), now);
}

void Quality::countEvent(const uint8_t* rtp, size_t size) {
  const size_t header = rtpHeaderSize(rtp, size);
  if (header >= size || rtp[header] > kDigitLast) return;
  const uint32_t ssrc = ssrcOf(rtp);
  const uint32_t timestamp = timestampOf(rtp);
  const int32_t ahead = static_cast<int32_t>(timestamp - eventTimestamp_);
  const bool isSame = dtmfEvents_ > 0 && ssrc == eventSsrc_ && ahead <= 0 && ahead >= -kEventMax;
  if (isSame) return;
  eventSsrc_ = ssrc;
  eventTimestamp_ = timestamp;
  dtmfEvents_++;
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
