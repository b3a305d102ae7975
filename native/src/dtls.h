#pragma once

#include <openssl/bio.h>
#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dtls_identity.h"
#include "source.h"
#include "srtp_keys.h"

namespace media {

// Who begins (RFC 4145 §4, RFC 5763 §5), numbered as in the frames.
enum class DtlsRole : uint8_t { none, active, passive };
constexpr uint8_t kDtlsRoles = 3;

// What the two descriptions say of DTLS.
struct DtlsPlan {
  DtlsRole role = DtlsRole::none;
  Fingerprints fingerprints;

  bool present() const { return role != DtlsRole::none; }
  bool operator==(const DtlsPlan&) const = default;
};

// One association of DTLS 1.2 whose only purpose is the keys of SRTP (RFC 5764). A function of
// datagrams and time: it has no socket, and its owner wakes it.
//
// OpenSSL measures the time between retransmissions by the system's clock; `deadline` is that
// time on the owner's clock, and waking too early does nothing.
class DtlsAssociation {
 public:
  enum class State : uint8_t { waiting, secured, over };

  // No datagram is longer, whatever the path.
  static constexpr size_t kDatagramMax = 1200;
  // A handshake that takes longer has failed.
  static constexpr Ms kHandshakeMs = 30000;
  static constexpr Ms kNever = ~Ms{0};

  // `isChecked`: whoever is heard has shown that it hears us. Else a ClientHello must show it, by a
  // cookie (RFC 6347 §4.2.1), before anything begins.
  DtlsAssociation(const DtlsIdentity& identity, const DtlsPlan& plan, bool isChecked);
  ~DtlsAssociation();
  DtlsAssociation(const DtlsAssociation&) = delete;
  DtlsAssociation& operator=(const DtlsAssociation&) = delete;

  const DtlsPlan& plan() const { return plan_; }

  // Begins, where it is ours to begin; once is enough.
  void start(Ms now);
  void receive(const uint8_t* datagram, size_t size, Ms now);
  void wake(Ms now);
  // Says good-bye to the peer, and is over.
  void close();
  // When to wake it next; `kNever` while it waits for the peer alone.
  Ms deadline() const { return deadline_; }

  // Cookies for whoever asked, to be sent before the outbox; each is shorter than what asked.
  std::vector<std::string> takeGreetings();
  // The datagrams to be sent, in order.
  std::vector<std::string> takeOutbox();

  State state() const { return state_; }
  // Whether it is another one than when this was asked last.
  bool changed() { return std::exchange(told_, state_) != state_; }
  // Once it is over: why.
  const std::string& why() const { return why_; }
  // Once it is secured; absent before and afterwards.
  const SrtpMaster& inbound() const { return inbound_; }
  const SrtpMaster& outbound() const { return outbound_; }

 private:
  // More datagrams than a flight has; the rest is lost, as it would be on the wire.
  static constexpr size_t kOutboxMax = 16;

  static BIO_METHOD* datagrams();
  static int write(BIO* bio, const char* bytes, int size);
  static int read(BIO* bio, char* bytes, int size);
  static long control(BIO* bio, int command, long number, void* pointer);

  SSL* made();
  void begin(SSL* ssl);
  bool isOfInterest(const uint8_t* datagram, size_t size, Ms now);
  // What comes to who waits for the other to begin: false where it begins and continues nothing.
  bool goesOn(const uint8_t* datagram, size_t size, Ms now);
  // Whether the ClientHello that came has the cookie; it is sent one where it hasn't.
  bool showsCookie();
  void proceed(Ms now);
  void schedule(Ms now);
  void secure();
  // After a call of OpenSSL that didn't succeed.
  void judge(int result);
  void end(std::string why);

  const DtlsIdentity& identity_;
  const DtlsPlan plan_;
  const bool isChecked_;
  PeerProof proof_;
  SSL* ssl_ = nullptr;
  // Answers with cookies, and keeps nothing.
  SSL* listening_ = nullptr;
  bool greets_ = false;
  // OpenSSL looks at a datagram that it will read.
  bool peeks_ = false;
  State state_ = State::waiting;
  State told_ = State::waiting;
  std::string why_;
  SrtpMaster inbound_;
  SrtpMaster outbound_;
  std::string_view incoming_;
  std::vector<std::string> outbox_;
  std::vector<std::string> greetings_;
  // Records that were protected before there were keys.
  size_t early_ = 0;
  bool begun_ = false;
  Ms begunAt_ = 0;
  Ms deadline_ = kNever;
  // The random of the ClientHello that we answer.
  std::array<uint8_t, 32> hello_{};
};

}  // namespace media
