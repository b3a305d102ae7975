// What is opened with a known key: packets of strangers, and of who has the key.
#include "../src/rtp.h"
#include "../src/secure_end.h"
#include "srtp_target.h"
#include "steps.h"

using namespace media;
using namespace fuzz;
using namespace fuzz::srtp;
using Verdict = SrtpReceiver::Verdict;

namespace {

// A copy of its very size.
struct Packet {
  Packet(const uint8_t* from, size_t bytes) : size(bytes), at(std::make_unique<uint8_t[]>(bytes)) {
    if (bytes > 0) std::memcpy(at.get(), from, bytes);
  }

  size_t size;
  std::unique_ptr<uint8_t[]> at;
};

Verdict open(SecureEnd& end, Packet& packet, bool control, Ms now) {
  size_t size = packet.size;
  const Packet before(packet.at.get(), size);
  const Verdict verdict = end.open(packet.at.get(), size, control, now);
  if (verdict == Verdict::opened) {
    require(size <= packet.size, "what is opened is no longer");
    packet.size = size;
    return verdict;
  }
  require(size == packet.size, "what stays closed keeps its size");
  require(std::memcmp(before.at.get(), packet.at.get(), size) == 0, "and its bytes");
  return verdict;
}

class Wire {
 public:
  explicit Wire(SrtpSuite suite) : suite_(suite) { agree(); }

  void take(const Step& step) {
    if (step.is(kLater)) now_ += SecureEnd::kFormerMs;
    if (step.is(kRenewed)) {
      key_++;
      agree();
    }
    const bool control = step.is(kControl);
    if (!step.is(kSealed)) {
      Packet packet(step.packet.get(), step.size);
      return require(open(ours_, packet, control, now_) != Verdict::opened, "nobody guesses a tag");
    }
    const bool valid = control ? validRtcp(step.packet.get(), step.size)
                               : validRtp(step.packet.get(), step.size);
    if (valid) cross(step, control);
  }

 private:
  void agree() {
    const SrtpMaster forth = masterOf(suite_, key_);
    const SrtpMaster back = masterOf(suite_, 100);
    theirs_.agree(back, forth, now_);
    ours_.agree(forth, back, now_);
  }

  void cross(const Step& step, bool control) {
    // The room that a sender needs, and not a byte more.
    auto room = std::make_unique<uint8_t[]>(step.size + kSrtpGrowth);
    std::memcpy(room.get(), step.packet.get(), step.size);
    const size_t size = theirs_.seal(room.get(), step.size, control);
    require(size <= step.size + kSrtpGrowth, "a packet grows by so much and no more");
    // It came before, or there are too many sources.
    if (size == 0) return;
    Packet safe(room.get(), size);
    if (step.is(kSpoilt)) {
      Packet spoilt(room.get(), size);
      spoilt.at[step.how % size] ^= 1;
      require(open(ours_, spoilt, control, now_) != Verdict::opened, "a spoilt packet stays closed");
    }
    Packet again(room.get(), size);
    require(open(ours_, safe, control, now_) == Verdict::opened, "who has the key is heard");
    require(safe.size == step.size, "there and back");
    // The sender may have given it another number.
    for (size_t i = 0; i < step.size; i++) {
      require(safe.at[i] == step.packet[i] || (!control && (i == 2 || i == 3)), "as it was");
    }
    require(open(ours_, again, control, now_) == Verdict::replayed, "and once");
  }

  const SrtpSuite suite_;
  SecureEnd ours_;
  SecureEnd theirs_;
  uint8_t key_ = 0;
  Ms now_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Wire wire(static_cast<SrtpSuite>(1 + data[0] % (kSrtpSuites - 1)));
  Steps steps(data + 1, size - 1);
  // Fewer than the sources that a stream may have: of more, nobody is heard.
  size_t left = kSrtpSourcesMax / 2;
  for (Step step; left > 0 && steps.next(step); left--) wire.take(step);
  return 0;
}
