// A bundle of voice and a picture, packet by packet.
#include "bundle_test.h"

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../src/bundle.h"
#include "../src/rtp.h"
#include "../src/rtp_extension.h"
#include "../src/stream.h"

using namespace media;

namespace {

using Bytes = std::vector<uint8_t>;

void put32(Bytes& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(value >> shift));
}

Bytes rtp(uint8_t type, uint32_t ssrc, const std::string& mid = "", uint8_t id = 4) {
  Bytes packet{0x80, type, 0, 1, 0, 0, 0, 0};
  put32(packet, ssrc);
  if (!mid.empty()) {
    packet[0] |= 0x10;
    const size_t words = (1 + mid.size() + 3) / 4;
    packet.insert(packet.end(), {0xbe, 0xde, 0, static_cast<uint8_t>(words)});
    const size_t at = packet.size();
    packet.resize(at + 4 * words);
    packet[at] = static_cast<uint8_t>(id << 4 | (mid.size() - 1));
    std::memcpy(&packet[at + 1], mid.data(), mid.size());
  }
  packet.insert(packet.end(), {1, 2, 3, 4});
  return packet;
}

// A part of RTCP: its words behind the header.
Bytes rtcp(uint8_t count, uint8_t type, std::initializer_list<uint32_t> words) {
  Bytes part{static_cast<uint8_t>(0x80 | count), type, 0, static_cast<uint8_t>(words.size())};
  for (const uint32_t word : words) put32(part, word);
  return part;
}

struct Call {
  Stream voice{0};
  Stream picture{1};
  Bundle bundle;

  Call() {
    line(voice.ends[0], "0", {111, 8}, 1000);
    line(picture.ends[0], "1", {96, 8}, 2000);
  }

  void line(End& end, const char* mid, std::initializer_list<uint8_t> types, uint32_t ssrc) {
    end.bundled.mid = mid;
    end.bundled.midId = 4;
    end.bundled.ssrcs = {ssrc};
    for (const uint8_t type : types) end.formats.add(type, 8000, Formats::Use::media);
    bundle.join(end);
  }

  // "voice", "picture" or "".
  std::string whose(Bytes packet) {
    const End* end = bundle.receiverOf(packet.data(), packet.size());
    if (!end) return "";
    return end->stream == &voice ? "voice" : "picture";
  }

  Bundle::Lines concerned(const Bytes& packet) { return bundle.receiversOf(packet.data(), packet.size()); }

  bool sends(Stream& from, Bytes packet, bool isRtcp = false, Bytes* out = nullptr) {
    Bytes room(kExtensionGrowth + packet.size());
    std::memcpy(room.data() + kExtensionGrowth, packet.data(), packet.size());
    uint8_t* at = room.data() + kExtensionGrowth;
    size_t size = packet.size();
    const bool may = bundle.sends(from.ends[0], at, size, isRtcp);
    if (out) out->assign(at, at + size);
    return may;
  }
};

const char* incoming() {
  Call call;
  if (call.whose(rtp(127, 1000)) != "voice" || call.whose(rtp(127, 2000)) != "picture") return "by the description's source";
  if (call.whose(rtp(111, 3)) != "voice" || call.whose(rtp(96, 4)) != "picture") return "by payload type";
  if (call.whose(rtp(127, 3)) != "voice") return "by a source that was learnt";
  if (call.whose(rtp(8, 5)) != "") return "a payload type of two lines is nobody's";
  if (call.whose(rtp(8, 5, "1")) != "picture" || call.whose(rtp(8, 5)) != "picture") return "by name, then by source";
  if (call.whose(rtp(111, 5, "0")) != "voice" || call.whose(rtp(8, 5)) != "voice") return "another name moves it";
  if (call.whose(rtp(111, 6, "x")) != "") return "a name that there isn't";
  Bytes named = rtp(111, 7, "0");
  call.bundle.receiverOf(named.data(), named.size());
  if (named != [] {
        Bytes blank = rtp(111, 7, "0");
        blank[16] = blank[17] = 0;
        return blank;
      }()) return "the name stays here";
  // Whoever shows the key may have no end of sources.
  for (uint32_t ssrc = 10000; ssrc < 110000; ssrc++) {
    if (call.whose(rtp(96, ssrc)) != "picture") return "no end of sources";
  }
  call.bundle.leave(call.picture.ends[0]);
  if (call.whose(rtp(99, 109999)) != "voice") return "alone it takes all";
  return nullptr;
}

const char* control() {
  Call call;
  call.sends(call.voice, rtp(111, 51));
  call.sends(call.picture, rtp(96, 52));
  const Bundle::Lines voice = 1, picture = 2;
  const Bytes report = rtcp(0, 200, {1000, 0, 0, 0, 0, 0});
  if (call.concerned(report) != voice) return "a sender's report";
  if (call.concerned(rtcp(1, 201, {7, 52, 0, 0, 0, 0, 0})) != picture) return "by what it reports on";
  if (call.concerned(rtcp(1, 206, {1000, 52})) != picture) return "feedback is for what it names";
  if (call.concerned(rtcp(4, 206, {1000, 0, 52, 0})) != picture) return "a full picture is asked of its source";
  if (call.concerned(rtcp(1, 203, {2000})) != picture) return "a good-bye";
  Bytes both = report;
  const Bytes other = rtcp(1, 201, {2000, 52, 0, 0, 0, 0, 0});
  both.insert(both.end(), other.begin(), other.end());
  if (call.concerned(both) != (voice | picture)) return "both";
  Bytes out(both.size());
  out.resize(call.bundle.partFor(1, both.data(), both.size(), out.data()));
  if (out != other) return "each its part";
  // SSRC 9 is the line that its description names: an item of type 15.
  call.concerned(rtcp(1, 202, {9, 0x0f013100}));
  return call.whose(rtp(127, 9)) == "picture" ? nullptr : "by the name in a description";
}

const char* outgoing() {
  Call call;
  Bytes sent;
  if (!call.sends(call.voice, rtp(111, 51), false, &sent)) return "a line sends";
  uint8_t mid[kElementMax];
  if (!validRtp(sent.data(), sent.size()) || sent.size() != rtp(111, 51, "0").size()) return "it is named";
  if (sent != rtp(111, 51, "0")) return "as others name theirs";
  // Two with one source would be one to the peer.
  if (call.sends(call.picture, rtp(96, 51))) return "a source that is another's";
  if (!call.sends(call.voice, rtp(111, 51))) return "whose it was goes on";
  if (call.sends(call.picture, rtcp(1, 203, {51}), true)) return "a good-bye for another";
  if (call.sends(call.picture, rtcp(0, 200, {51, 0, 0, 0, 0, 0}), true)) return "a report for another";
  if (!call.sends(call.picture, rtcp(0, 201, {77}), true)) return "a report of one's own";
  // A name that the other leg's peer wrote mustn't lead elsewhere.
  call.sends(call.picture, rtp(96, 53, "0"), false, &sent);
  if (takeElement(sent.data(), sent.size(), 4, mid) == 0) return "a name";
  Bytes spoofed;
  call.sends(call.picture, rtp(96, 53, "0"), false, &spoofed);
  if (call.whose(spoofed) != "picture") return "the name of another line";
  size_t taken = 0;
  for (uint32_t ssrc = 1000; ssrc < 101000; ssrc++) taken += call.sends(call.picture, rtp(96, ssrc));
  if (taken >= Bundle::kSourcesMax) return "no end of sources out";
  return call.sends(call.voice, rtp(111, 999)) ? nullptr : "nobody takes the others' share";
}

const char* chance() {
  std::mt19937 random(3);
  Call call;
  for (int i = 0; i < 200000; i++) {
    const size_t size = random() % 80;
    const auto packet = std::make_unique<uint8_t[]>(size);
    for (size_t at = 0; at < size; at++) packet[at] = static_cast<uint8_t>(random() % (at % 3 ? 256 : 8));
    if (size < 20) continue;
    packet[0] = static_cast<uint8_t>(0x80 | random() % 32);
    packet[1] = static_cast<uint8_t>(random() % 2 ? 200 + random() % 8 : random() % 128);
    const uint8_t header[] = {0xbe, 0xde, 0, static_cast<uint8_t>(random() % 4)};
    if (random() % 2) std::memcpy(&packet[12], header, 4);
    if (size % 4 == 0 && random() % 2) packet[2] = 0, packet[3] = static_cast<uint8_t>(size / 4 - 1);
    if (validRtcp(packet.get(), size)) {
      const Bundle::Lines lines = call.bundle.receiversOf(packet.get(), size);
      const auto part = std::make_unique<uint8_t[]>(size);
      for (size_t line = 0; line < 2; line++) {
        const size_t copied = call.bundle.partFor(line, packet.get(), size, part.get());
        if (copied > 0 && !validRtcp(part.get(), copied)) return "a part is whole";
      }
      if (lines >> 2) return "lines that there are";
    }
    if (!validRtp(packet.get(), size)) continue;
    Bytes copy(packet.get(), packet.get() + size), sent;
    call.bundle.receiverOf(packet.get(), size);
    if (call.sends(call.voice, copy, false, &sent) && !validRtp(sent.data(), sent.size())) return "a valid packet stays one";
  }
  return nullptr;
}

}  // namespace

const char* bundleFailure() {
  for (const auto test : {incoming, control, outgoing, chance}) {
    if (const char* why = test()) return why;
  }
  return nullptr;
}
