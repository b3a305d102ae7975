#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "address.h"
#include "bundle.h"
#include "dtls.h"
#include "formats.h"
#include "ice_agent.h"
#include "lent.h"
#include "quality.h"
#include "secure_end.h"
#include "source.h"
#include "udp_socket.h"

namespace media {

// Why a packet wasn't relayed. The names go to the gateway in the hello frame, in this order.
enum class Drop : uint8_t {
  notRtp,
  badRtcp,
  foreignSource,
  notAgreed,
  noTarget,
  unconfirmed,
  sendFailed,
  tooLong,
  unauthentic,
  replayed,
  noKeys,
  noLine,
  sourceTaken,
};
constexpr std::array<const char*, 13> kDropNames = {
    "not-rtp",     "bad-rtcp",    "foreign-source", "not-agreed",  "no-target",
    "unconfirmed", "send-failed", "too-long",       "unauthentic", "replayed",
    "no-keys",     "no-line",     "source-taken"};

// What one end's peer sent to us and what became of it. `packetsOut` is what we sent to that peer;
// RTCP counts in `rtcpIn` alone.
struct Counters {
  uint64_t packetsIn = 0;
  uint64_t bytesIn = 0;
  uint64_t rtcpIn = 0;
  uint64_t packetsOut = 0;
  // Of `packetsIn`, those that the kernel relayed by itself.
  uint64_t packetsByKernel = 0;
  Quality quality;
  RoundTrip roundTrip;
  std::array<uint64_t, kDropNames.size()> drops{};

  void drop(Drop why, uint64_t packets = 1) { drops[static_cast<size_t>(why)] += packets; }
};

// One end as the gateway wants it.
struct EndPlan {
  Address local;
  uint16_t rtcpPort = 0;
  Address remote;
  uint16_t remoteRtcpPort = 0;
  bool learns = false;
  uint8_t dscp = 0;
  // The peer's key and ours; without them media is plain.
  SrtpMaster inbound;
  SrtpMaster outbound;
  // How the pair is found, and who makes the keys; absent: not at all.
  IceCredentials ice;
  DtlsPlan dtls;
  // What the peer's packets may be.
  Formats formats;
  // Its line of a bundle, whose lines all have the same address, pair and keys.
  BundleLine bundled;
  // A remote address was given that is none.
  bool unreadable = false;

  bool mux() const { return rtcpPort == local.port(); }
};

struct StreamPlan {
  bool opaque = false;
  Ms silenceMs = 0;
  std::array<EndPlan, 2> ends;

  // Nullptr, or the name of what makes it impossible.
  const char* fault() const;

 private:
  const char* faultOf(const EndPlan& end) const;
};

struct End;

// One of our ports: what epoll hands back when packets wait on it.
struct Port {
  UdpSocket socket;
  Source source;
  End* end = nullptr;
  // When the relay took something from it last.
  Us readAt = 0;
  bool rtcp = false;
  // Who makes the keys of what goes by this port, where the plan says so.
  std::unique_ptr<DtlsAssociation> dtls;
  // The association has a deadline.
  bool watched = false;
};

struct Stream;
class Bundles;
struct Steered;

struct End {
  Port rtp;
  // Not open for rtcp-mux (RFC 5761) and for opaque streams.
  Port rtcp;
  Stream* stream = nullptr;
  End* other = nullptr;
  Counters counters;
  Formats formats;
  SecureEnd secure;
  // RTCP's own keys: on a port of its own it has an association of its own (RFC 5764 §4.2).
  SecureEnd rtcpSecure;
  // Whose ports and keys it goes by: its own, or those of the end that has them for its bundle.
  End* carrier = this;
  // With whom it has the lines of its bundle.
  std::unique_ptr<Bundle> bundle;
  BundleLine bundled;
  uint8_t lineNumber = 0;
  // Present where the plan says so. With ICE the pair takes the place of the source.
  std::unique_ptr<IceAgent> ice;
  uint8_t side = 0;
  bool sending = false;
  // Somebody at the address we send to has sent to us: it wants this media (attack case E4).
  bool confirmed = false;
  uint32_t sentUnconfirmed = 0;

  // Nominations of another pair in the second that began then.
  Ms movesSince = 0;
  uint32_t moves = 0;

  // Nobody moves more often for a reason: further nominations are followed, and not told.
  static constexpr uint32_t kMovesTold = 4;
  static constexpr Ms kMovesMs = 1000;
  bool tellsMove(Ms now) {
    if (now - movesSince >= kMovesMs) movesSince = now, moves = 0;
    return moves++ < kMovesTold;
  }

  // What an end that nobody there confirmed may be sent: half a minute of voice.
  static constexpr uint32_t kUnconfirmedMax = 1500;
  // Whether one more packet may be sent there, given that there is a target. A checked address has
  // consented.
  bool takesAnother() { return ice || confirmed || sentUnconfirmed++ < kUnconfirmedMax; }
  bool negotiates() const { return ice || rtp.dtls; }
  SecureEnd& secureFor(bool isRtcp) { return isRtcp && rtcp.dtls ? rtcpSecure : secure; }
  // The keys are DTLS's to make, and aren't there: nothing passes.
  bool awaitsKeys(bool isRtcp) { return rtp.dtls && !secureFor(isRtcp).opens(); }
  bool mux() const { return !rtcp.socket.isOpen(); }
  Port& portFor(bool isRtcp) { return isRtcp && !mux() ? rtcp : rtp; }
  // Where packets for this end go; nullptr while nobody may be sent anything.
  const Address* target(bool isRtcp, Ms now) const;
  void agree(const EndPlan& plan, Ms now);
  // Where packets for its bundle go.
  const Address* place(bool isRtcp, Ms now) const;
  void agreeTransport(const EndPlan& plan, Ms now);
  // Goes on with the port, the pair and the keys of the end that had them for its bundle.
  void inherit(End& former);
  // Takes what the kernel has counted into its own counters.
  void absorb();
  // Counts a packet of its peer that came to the socket.
  void count(const uint8_t* packet, size_t size, Us arrival);
  // What the kernel relays of its peer.
  Lent lent;
  // What comes of it past the network stack; nullptr: nothing.
  Steered* steered = nullptr;
};

// One m= line of one call. Its address must not change: epoll holds pointers to its ports.
struct Stream {
  explicit Stream(uint32_t slot);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  struct Outcome {
    const char* failure = nullptr;
    // An RTP port gave way to another: the old one's counters are final.
    bool replaced = false;
  };
  // Makes the stream what the plan says, or leaves it wholly as it was and says why.
  Outcome apply(const StreamPlan& plan, Bundles& bundles, int epoll, Ms now);
  bool live() const { return ends[0].carrier->rtp.socket.isOpen(); }
  void resetCounters();
  // Whoever spoke by the kernel isn't silent.
  void hearKernel();
  // Whether it goes by a port that is its own on both sides.
  bool alone() const { return !ends[0].carrier->bundle && !ends[1].carrier->bundle; }

  const uint32_t slot;
  // What the gateway calls it: a later one finds its calls by that.
  std::string name;
  bool opaque = false;
  bool silent = false;
  Ms silenceMs = 0;
  Ms lastPacket = 0;
  // When the kernel may be asked again to relay it.
  Ms lendAgain = 0;
  std::array<End, 2> ends;

 private:
  const char* bundleFault(const End& end, const EndPlan& want, const End* carrier) const;
  static void settle(End& end, const EndPlan& want, Bundles& bundles, int epoll, Ms now);
};

}  // namespace media
