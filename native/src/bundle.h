#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace media {

struct End;

// What the descriptions say of one line of a bundle (RFC 9143).
struct BundleLine {
  // Its name towards the peer; empty where the line is in no bundle.
  std::string mid;
  // The number of the header extension that names it in packets; 0 where there is none.
  uint8_t midId = 0;
  // The sources that the peer's description names.
  std::vector<uint32_t> ssrcs;

  bool present() const { return !mid.empty(); }
};

// The lines whose packets go by one port of ours and under the same keys: whose each packet is that
// comes (RFC 9143 §9.2), and which sources are whose of those that go out. It allocates nothing.
class Bundle {
 public:
  static constexpr size_t kLinesMax = 16;
  // Of either direction. Of those that come the oldest give way; those that leave never do.
  static constexpr size_t kSourcesMax = 256;

  bool isFull() const { return size_ == kLinesMax; }
  size_t size() const { return size_; }
  void join(End& end);
  void leave(End& end);
  // After a line's plan has changed.
  void refresh();
  // A line that isn't this one; nullptr without any.
  End* another(const End& end) const;
  // Who has port and keys for all of them now.
  void carry(End& carrier);

  // The line that a packet is for, by its name, its source or its payload type; nullptr for none.
  // The name stays here.
  End* receiverOf(uint8_t* rtp, size_t size);

  // The lines that parts of a compound packet concern, by their numbers as bits.
  using Lines = uint32_t;
  Lines receiversOf(const uint8_t* rtcp, size_t size);
  End* line(size_t number) const { return lines_[number]; }
  // Of a compound packet what concerns this line, and its size.
  size_t partFor(size_t number, const uint8_t* rtcp, size_t size, uint8_t* out);

  // Whether the line may send this. A source is whose it was first: two lines with one would be one
  // to the peer. A packet of RTP is named where that is agreed, and begins earlier then.
  bool sends(const End& end, uint8_t*& packet, size_t& size, bool rtcp);

 private:
  static constexpr uint8_t kNobody = 0xff;

  // Sources and whose they are.
  struct Sources {
    std::array<uint32_t, kSourcesMax> ssrcs{};
    std::array<uint8_t, kSourcesMax> owners{};
    size_t count = 0;
    // The one asked for last.
    size_t last = 0;

    // Where it stands; `count` when it doesn't.
    size_t find(uint32_t ssrc);
    uint8_t ownerOf(uint32_t ssrc);
    void free(uint8_t owner);
  };

  // Where there is one line alone: whatever comes is its.
  End* only() const;
  void bind(uint32_t ssrc, uint8_t number);
  uint8_t named(const uint8_t* mid, size_t size) const;
  bool claim(uint32_t ssrc, uint8_t number);
  Lines bitOf(uint8_t number) const { return number == kNobody ? 0 : Lines{1} << number; }
  Lines concerned(const uint8_t* part, size_t size);
  Lines concernedByFeedback(const uint8_t* part, size_t size);
  Lines describedBy(const uint8_t* part, size_t size);
  Lines reportedOn(const uint8_t* part, size_t size, size_t at);
  bool sendsAs(uint8_t number, const uint8_t* part, size_t size);

  std::array<End*, kLinesMax> lines_{};
  size_t size_ = 0;
  uint8_t midId_ = 0;
  // Whose a payload type is, where it is one line's alone.
  std::array<uint8_t, 128> types_{};
  Sources incoming_;
  size_t oldest_ = 0;
  Sources outgoing_;
};

}  // namespace media
