// Records through the sorting of a port and the negotiator, from strangers, from who took the
// agreed address, and from the true peer over a wire that spoils what it likes.
#include <netinet/in.h>
#include <sys/socket.h>

#include <deque>

#include "../src/dtls.h"
#include "../src/negotiator.h"
#include "dtls_target.h"
#include "steps.h"

using namespace media;
using namespace fuzz;
using namespace fuzz::dtls;
using State = DtlsAssociation::State;

namespace {

const DtlsIdentity& peerIdentity() {
  static const DtlsIdentity identity;
  return identity;
}

const Address kAgreed = Address::parse("192.0.2.1", 5000);
const Address kNobody = Address::parse("203.0.113.9", 7000);

// What the negotiator sent, since no socket is open.
std::deque<std::string> sent;

}  // namespace

// The system's own gives way to this program's.
extern "C" ssize_t sendto(int, const void* bytes, size_t size, int, const sockaddr* to, socklen_t) {
  require(size <= DtlsAssociation::kDatagramMax, "no datagram that would be cut");
  const bool agreed = ntohs(reinterpret_cast<const sockaddr_in*>(to)->sin_port) / 2 * 2 == 5000;
  require(agreed, "nothing is sent to strangers");
  sent.emplace_back(static_cast<const char*>(bytes), size);
  return static_cast<ssize_t>(size);
}

namespace {

class Call {
 public:
  Call(std::string& events, Negotiator& negotiator, bool active)
      : events_(events),
        negotiator_(negotiator),
        stream_(0),
        peer_(peerIdentity(),
              {active ? DtlsRole::passive : DtlsRole::active, {negotiator.fingerprint()}}, true) {
    plan_.local = Address::parse("192.0.2.100", 4000);
    plan_.rtcpPort = 4001;
    plan_.remote = kAgreed;
    plan_.remoteRtcpPort = 5001;
    plan_.dtls = {active ? DtlsRole::active : DtlsRole::passive, {peerIdentity().fingerprint()}};
    end().agree(plan_, now_);
    end().rtcp.source.agree(kAgreed.withPort(5001), false);
    negotiator_.agree(end(), plan_, now_);
    peer_.start(now_);
  }

  ~Call() { negotiator_.part(stream_, now_); }

  void take(const Step& step) {
    now_ += 1000 * static_cast<Ms>(step.how >> kSecondsShift);
    negotiator_.wake(now_);
    hear();
    if (step.is(kLost)) outgoing_.clear();
    if (!step.is(kTruePeer)) return offer(step, step.packet.get(), step.size);
    // It has nothing to say.
    if (outgoing_.empty()) return;
    std::string datagram = std::move(outgoing_.front());
    outgoing_.pop_front();
    for (size_t at = 0; at + 3 <= step.size; at += 3) {
      const auto place = static_cast<size_t>(step.packet[at] << 8 | step.packet[at + 1]);
      datagram[place % datagram.size()] ^= static_cast<char>(step.packet[at + 2]);
    }
    const auto copy = copyOf(datagram);
    met_ = met_ || !step.is(kStranger);
    offer(step, copy.get(), datagram.size());
  }

 private:
  End& end() { return stream_.ends[0]; }

  void offer(const Step& step, const uint8_t* packet, size_t size) {
    const Content content = contentOf(packet, size);
    if (content != Content::stun && content != Content::dtls) return;
    Port& port = step.is(kControl) ? end().rtcp : end().rtp;
    const State before = port.dtls->state();
    const uint64_t dropped = end().counters.drops[static_cast<size_t>(Drop::foreignSource)];
    const Address from = step.is(kStranger) ? kNobody : port.source.agreed();
    negotiator_.take(port, content, packet, size, from, now_);
    if (step.is(kStranger) && content == Content::dtls) {
      require(port.dtls->state() == before, "a stranger moves no handshake");
      require(end().counters.drops[static_cast<size_t>(Drop::foreignSource)] == dropped + 1,
              "a stranger is counted");
    }
    judge(port);
  }

  void judge(const Port& port) {
    const bool secured = port.dtls->state() == State::secured;
    require(port.dtls->inbound().present() == secured, "keys while it is secured, and then alone");
    require((port.rtcp ? end().rtcpSecure : end().secure).opens() == secured, "for packets too");
    // The peer shows its certificate in what it writes, and nobody else can.
    require(!secured || met_, "keys with nobody");
    require(end().secureFor(port.rtcp).opens() || end().awaitsKeys(port.rtcp), "nothing passes bare");
    require(events_.size() < 65536, "few words");
  }

  static std::unique_ptr<uint8_t[]> copyOf(const std::string& datagram) {
    auto copy = std::make_unique<uint8_t[]>(datagram.size());
    std::memcpy(copy.get(), datagram.data(), datagram.size());
    return copy;
  }

  // The true peer hears all that was sent, and answers.
  void hear() {
    for (const std::string& datagram : std::exchange(sent, {})) {
      peer_.receive(copyOf(datagram).get(), datagram.size(), now_);
    }
    peer_.wake(now_);
    for (std::string& datagram : peer_.takeOutbox()) outgoing_.push_back(std::move(datagram));
  }

  std::string& events_;
  Negotiator& negotiator_;
  Stream stream_;
  EndPlan plan_;
  DtlsAssociation peer_;
  std::deque<std::string> outgoing_;
  bool met_ = false;
  Ms now_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static std::string events;
  static Negotiator negotiator(events);
  if (size == 0) return 0;
  events.clear();
  sent.clear();
  Call call(events, negotiator, (data[0] & kActive) != 0);
  Steps steps(data + 1, size - 1);
  for (Step step; steps.next(step);) call.take(step);
  return 0;
}
