#include "bundle.h"

#include <algorithm>
#include <cstring>

#include "rtp.h"
#include "rtp_extension.h"
#include "stream.h"

namespace media {

namespace {

// Types of RTCP (RFC 3550 §12.1, RFC 4585 §6.1).
constexpr uint8_t kSenderReport = 200;
constexpr uint8_t kReceiverReport = 201;
constexpr uint8_t kDescription = 202;
constexpr uint8_t kBye = 203;
constexpr uint8_t kTransportFeedback = 205;
constexpr uint8_t kPayloadFeedback = 206;
// Feedback whose targets stand behind the header (RFC 5104 §4.2, §4.3, and REMB).
constexpr uint8_t kBitrateRequest = 3;
constexpr uint8_t kBitrateNotice = 4;
constexpr uint8_t kFullIntra = 4;
constexpr uint8_t kApplication = 15;
constexpr size_t kReportBlock = 24;
constexpr size_t kSenderFacts = 20;
// An item of a source's description: the name of its line (RFC 9143 §15).
constexpr uint8_t kMidItem = 15;

size_t partSize(const uint8_t* part) {
  return 4 * (1 + static_cast<size_t>(part[2] << 8 | part[3]));
}

}  // namespace

size_t Bundle::Sources::find(uint32_t ssrc) {
  if (last < count && ssrcs[last] == ssrc) return last;
  for (size_t i = 0; i < count; i++) {
    if (ssrcs[i] == ssrc) return last = i;
  }
  return count;
}

uint8_t Bundle::Sources::ownerOf(uint32_t ssrc) {
  const size_t at = find(ssrc);
  return at < count ? owners[at] : kNobody;
}

void Bundle::Sources::free(uint8_t owner) {
  for (size_t i = 0; i < count; i++) {
    if (owners[i] == owner) owners[i] = kNobody;
  }
}

void Bundle::join(End& end) {
  for (size_t i = 0; i < kLinesMax; i++) {
    if (lines_[i]) continue;
    lines_[i] = &end;
    end.lineNumber = static_cast<uint8_t>(i);
    size_++;
    break;
  }
  refresh();
}

void Bundle::leave(End& end) {
  lines_[end.lineNumber] = nullptr;
  size_--;
  incoming_.free(end.lineNumber);
  outgoing_.free(end.lineNumber);
  refresh();
}

void Bundle::refresh() {
  midId_ = 0;
  types_.fill(kNobody);
  std::array<bool, 128> shared{};
  for (size_t i = 0; i < kLinesMax; i++) {
    if (!lines_[i]) continue;
    const auto number = static_cast<uint8_t>(i);
    const BundleLine& line = lines_[i]->bundled;
    if (line.midId != 0) midId_ = line.midId;
    for (uint8_t type = 0; type < 128; type++) {
      if (!lines_[i]->formats.has(type)) continue;
      shared[type] = shared[type] || types_[type] != kNobody;
      types_[type] = number;
    }
    for (const uint32_t ssrc : line.ssrcs) {
      if (incoming_.ownerOf(ssrc) == kNobody) bind(ssrc, number);
    }
  }
  for (size_t type = 0; type < shared.size(); type++) {
    if (shared[type]) types_[type] = kNobody;
  }
}

End* Bundle::another(const End& end) const {
  for (End* line : lines_) {
    if (line && line != &end) return line;
  }
  return nullptr;
}

End* Bundle::only() const {
  if (size_ != 1) return nullptr;
  return *std::find_if(lines_.begin(), lines_.end(), [](const End* line) { return line != nullptr; });
}

void Bundle::carry(End& carrier) {
  for (End* line : lines_) {
    if (line) line->carrier = &carrier;
  }
}

void Bundle::bind(uint32_t ssrc, uint8_t number) {
  size_t at = incoming_.find(ssrc);
  if (at == incoming_.count && at < kSourcesMax) {
    incoming_.count++;
  } else if (at == incoming_.count) {
    at = oldest_;
    oldest_ = (oldest_ + 1) % kSourcesMax;
  }
  incoming_.ssrcs[at] = ssrc;
  incoming_.owners[at] = number;
}

uint8_t Bundle::named(const uint8_t* mid, size_t size) const {
  for (size_t i = 0; i < kLinesMax; i++) {
    if (!lines_[i]) continue;
    const std::string& name = lines_[i]->bundled.mid;
    if (name.size() == size && std::memcmp(name.data(), mid, size) == 0) return static_cast<uint8_t>(i);
  }
  return kNobody;
}

End* Bundle::receiverOf(uint8_t* rtp, size_t size) {
  const uint32_t ssrc = ssrcOf(rtp);
  uint8_t mid[kElementMax];
  const size_t midSize = midId_ != 0 ? takeElement(rtp, size, midId_, mid) : 0;
  uint8_t number = incoming_.ownerOf(ssrc);
  if (midSize > 0) {
    const uint8_t by = named(mid, midSize);
    // What names a line that there isn't is for none (RFC 9143 §9.2).
    if (by == kNobody) return nullptr;
    if (by != number) bind(ssrc, by);
    return lines_[by];
  }
  if (number != kNobody) return lines_[number];
  number = types_[payloadTypeOf(rtp)];
  if (number == kNobody) return only();
  bind(ssrc, number);
  return lines_[number];
}

Bundle::Lines Bundle::receiversOf(const uint8_t* rtcp, size_t size) {
  Lines lines = 0;
  for (size_t at = 0; at < size; at += partSize(rtcp + at)) {
    lines |= concerned(rtcp + at, partSize(rtcp + at));
  }
  const End* alone = only();
  return lines == 0 && alone ? bitOf(alone->lineNumber) : lines;
}

size_t Bundle::partFor(size_t number, const uint8_t* rtcp, size_t size, uint8_t* out) {
  size_t copied = 0;
  for (size_t at = 0; at < size; at += partSize(rtcp + at)) {
    const size_t part = partSize(rtcp + at);
    if (!(concerned(rtcp + at, part) >> number & 1)) continue;
    std::memcpy(out + copied, rtcp + at, part);
    copied += part;
  }
  return copied;
}

Bundle::Lines Bundle::concerned(const uint8_t* part, size_t size) {
  if (part[1] == kDescription) return describedBy(part, size);
  if (size < 8) return 0;
  const Lines sender = bitOf(incoming_.ownerOf(read32(part + 4)));
  switch (part[1]) {
    case kSenderReport:
      return sender | reportedOn(part, size, 8 + kSenderFacts);
    case kReceiverReport:
      return sender | reportedOn(part, size, 8);
    case kBye: {
      Lines lines = 0;
      const size_t count = part[0] & 0x1f;
      for (size_t i = 0; i < count && 8 + 4 * i <= size; i++) {
        lines |= bitOf(incoming_.ownerOf(read32(part + 4 + 4 * i)));
      }
      return lines;
    }
    case kTransportFeedback:
    case kPayloadFeedback: {
      const Lines lines = concernedByFeedback(part, size);
      return lines ? lines : sender;
    }
    default:
      return sender;
  }
}

Bundle::Lines Bundle::reportedOn(const uint8_t* part, size_t size, size_t at) {
  Lines lines = 0;
  const size_t count = part[0] & 0x1f;
  for (size_t i = 0; i < count && at + kReportBlock <= size; i++, at += kReportBlock) {
    lines |= bitOf(outgoing_.ownerOf(read32(part + at)));
  }
  return lines;
}

Bundle::Lines Bundle::concernedByFeedback(const uint8_t* part, size_t size) {
  if (size < 12) return 0;
  Lines lines = bitOf(outgoing_.ownerOf(read32(part + 8)));
  const uint8_t format = part[0] & 0x1f;
  const bool isPayload = part[1] == kPayloadFeedback;
  size_t step = 0;
  size_t at = 12;
  if (isPayload ? format == kFullIntra : format == kBitrateRequest || format == kBitrateNotice) {
    step = 8;
  } else if (isPayload && format == kApplication && size >= 20 && std::memcmp(part + 12, "REMB", 4) == 0) {
    step = 4;
    at = 20;
  }
  for (; step > 0 && at + 4 <= size; at += step) {
    lines |= bitOf(outgoing_.ownerOf(read32(part + at)));
  }
  return lines;
}

Bundle::Lines Bundle::describedBy(const uint8_t* part, size_t size) {
  Lines lines = 0;
  size_t at = 4;
  for (size_t chunks = part[0] & 0x1f; chunks > 0 && at + 4 <= size; chunks--) {
    const uint32_t ssrc = read32(part + at);
    at += 4;
    while (at + 2 <= size && part[at] != 0) {
      const size_t length = part[at + 1];
      if (at + 2 + length > size) return lines;
      const uint8_t number = part[at] == kMidItem ? named(part + at + 2, length) : kNobody;
      if (number != kNobody) bind(ssrc, number);
      at += 2 + length;
    }
    lines |= bitOf(incoming_.ownerOf(ssrc));
    // To the next multiple of four, behind at least one zero.
    at = (at & ~size_t{3}) + 4;
  }
  return lines;
}

bool Bundle::claim(uint32_t ssrc, uint8_t number) {
  const size_t at = outgoing_.find(ssrc);
  if (at < outgoing_.count && outgoing_.owners[at] == number) return true;
  if (at < outgoing_.count && outgoing_.owners[at] != kNobody) return false;
  const auto held = std::count(outgoing_.owners.begin(), outgoing_.owners.begin() + static_cast<long>(outgoing_.count), number);
  // Nobody takes the others' share.
  if (static_cast<size_t>(held) >= kSourcesMax / std::max<size_t>(2, size_)) return false;
  if (at == kSourcesMax) return false;
  outgoing_.ssrcs[at] = ssrc;
  outgoing_.owners[at] = number;
  if (at == outgoing_.count) outgoing_.count++;
  return true;
}

bool Bundle::sends(const End& end, uint8_t*& packet, size_t& size, bool rtcp) {
  if (rtcp) {
    for (size_t at = 0; at < size; at += partSize(packet + at)) {
      if (!sendsAs(end.lineNumber, packet + at, partSize(packet + at))) return false;
    }
    return true;
  }
  if (!claim(ssrcOf(packet), end.lineNumber)) return false;
  if (midId_ == 0) return true;
  // Whatever the other leg's peer meant by this number, it must not name another line.
  uint8_t foreign[kElementMax];
  takeElement(packet, size, midId_, foreign);
  packet = putElement(packet, size, midId_, end.bundled.mid);
  return true;
}

bool Bundle::sendsAs(uint8_t number, const uint8_t* part, size_t size) {
  const auto free = [&](size_t at) {
    const uint8_t owner = at + 4 <= size ? outgoing_.ownerOf(read32(part + at)) : kNobody;
    return owner == kNobody || owner == number;
  };
  if (part[1] == kBye) {
    for (size_t i = 0, count = part[0] & 0x1f; i < count; i++) {
      if (!free(4 + 4 * i)) return false;
    }
    return true;
  }
  return free(4);
}

}  // namespace media
