#include "dtls.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/srtp.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace media {

namespace {

// Media waits for the handshake: a lost flight is sent again sooner than RFC 6347 §4.2.4.1 has
// it, as its last paragraph allows, and never much later.
constexpr unsigned kRetransmitFirstUs = 100'000;
constexpr unsigned kRetransmitMaxUs = 5'000'000;
// Nobody keeps us busy by beginning anew all the time.
constexpr Ms kRenewalMs = 100;
// A Finished may overtake the rest of its flight, and be sent again. Of what is protected before
// there are keys OpenSSL would keep a hundred records, each in a buffer of 16 KiB.
constexpr size_t kEarlyMax = 16;
constexpr std::string_view kLabel = "EXTRACTOR-dtls_srtp";

// Of a record (RFC 6347 §4.1).
namespace record {
constexpr size_t kEpoch = 3;
constexpr size_t kLength = 11;
constexpr size_t kHeader = 13;
}  // namespace record

// The first record of a datagram that begins with a ClientHello (RFC 6347 §4.1, §4.2.2).
namespace hello {
constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kClientHello = 1;
constexpr size_t kType = 13;
constexpr size_t kFragmentOffset = 19;
constexpr size_t kRandom = 27;
constexpr size_t kRandomBytes = 32;
}  // namespace hello

bool zero(const uint8_t* bytes, size_t size) {
  return std::all_of(bytes, bytes + size, [](uint8_t byte) { return byte == 0; });
}

// Epoch 0, message 0 or, with a cookie, 1; not a later fragment of it.
bool isClientHello(const uint8_t* datagram, size_t size) {
  return size >= hello::kRandom + hello::kRandomBytes && datagram[0] == hello::kHandshakeRecord &&
         datagram[hello::kType] == hello::kClientHello && zero(datagram + record::kEpoch, 2) &&
         datagram[hello::kType + 4] == 0 && datagram[hello::kType + 5] <= 1 &&
         zero(datagram + hello::kFragmentOffset, 3);
}

size_t earlyRecords(const uint8_t* datagram, size_t size) {
  size_t early = 0;
  for (size_t at = 0; at + record::kHeader <= size;) {
    const uint8_t* header = datagram + at;
    early += !zero(header + record::kEpoch, 2);
    at += record::kHeader + (header[record::kLength] << 8 | header[record::kLength + 1]);
  }
  return early;
}

unsigned nextTimer(SSL*, unsigned beforeUs) {
  return beforeUs == 0 ? kRetransmitFirstUs : std::min(2 * beforeUs, kRetransmitMaxUs);
}

SrtpSuite suiteOf(const SRTP_PROTECTION_PROFILE* profile) {
  switch (profile ? profile->id : 0) {
    case SRTP_AES128_CM_SHA1_80:
      return SrtpSuite::aesCm128Sha1Tag80;
    case SRTP_AES128_CM_SHA1_32:
      return SrtpSuite::aesCm128Sha1Tag32;
    case SRTP_AEAD_AES_128_GCM:
      return SrtpSuite::aeadAes128Gcm;
    case SRTP_AEAD_AES_256_GCM:
      return SrtpSuite::aeadAes256Gcm;
    default:
      return SrtpSuite::none;
  }
}

}  // namespace

DtlsAssociation::DtlsAssociation(const DtlsIdentity& identity, const DtlsPlan& plan, bool isChecked)
    : identity_(identity), plan_(plan), isChecked_(isChecked || plan.role == DtlsRole::active) {
  proof_.expected = plan_.fingerprints;
  const bool isRandom = RAND_bytes(proof_.cookie.data(), proof_.cookie.size()) == 1;
  if (isChecked_) begin(made());
  else listening_ = isRandom ? made() : nullptr;
  if (!ssl_ && !listening_) end("dtls-unavailable");
}

DtlsAssociation::~DtlsAssociation() {
  SSL_free(ssl_);
  SSL_free(listening_);
}

SSL* DtlsAssociation::made() {
  SSL* ssl = identity_.open(proof_);
  BIO* bio = ssl ? BIO_new(datagrams()) : nullptr;
  if (!bio) {
    SSL_free(ssl);
    return nullptr;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_mtu(ssl, kDatagramMax);
  DTLS_set_timer_cb(ssl, nextTimer);
  if (plan_.role == DtlsRole::active) SSL_set_connect_state(ssl);
  else SSL_set_accept_state(ssl);
  ERR_clear_error();
  return ssl;
}

void DtlsAssociation::begin(SSL* ssl) {
  SSL_free(ssl_);
  ssl_ = ssl;
  proof_.verdict = PeerProof::Verdict::none;
  early_ = 0;
  begun_ = false;
  if (!ssl_) end("dtls-unavailable");
}

void DtlsAssociation::start(Ms now) {
  if (plan_.role != DtlsRole::active || begun_ || state_ != State::waiting) return;
  proceed(now);
}

void DtlsAssociation::receive(const uint8_t* datagram, size_t size, Ms now) {
  if (state_ == State::over) return;
  incoming_ = {reinterpret_cast<const char*>(datagram), size};
  if (isOfInterest(datagram, size, now)) proceed(now);
  incoming_ = {};
}

bool DtlsAssociation::isOfInterest(const uint8_t* datagram, size_t size, Ms now) {
  if (state_ != State::waiting) return true;
  if (plan_.role == DtlsRole::passive && !goesOn(datagram, size, now)) return false;
  early_ += earlyRecords(datagram, size);
  return early_ <= kEarlyMax;
}

bool DtlsAssociation::goesOn(const uint8_t* datagram, size_t size, Ms now) {
  // Before a handshake nothing else is heard of whom an address alone tells.
  if (!isClientHello(datagram, size)) return begun_ || isChecked_;
  const uint8_t* random = datagram + hello::kRandom;
  if (begun_ && std::memcmp(hello_.data(), random, hello_.size()) == 0) return true;
  // The peer gave up and tries again, or somebody forged its address before it spoke: OpenSSL
  // would wait for the rest of the first one (attack case E3).
  if (begun_ && now - begunAt_ < kRenewalMs) return false;
  if (!isChecked_ && !showsCookie()) return false;
  if (isChecked_ && begun_) begin(made());
  std::memcpy(hello_.data(), random, hello_.size());
  return true;
}

bool DtlsAssociation::showsCookie() {
  if (!listening_) listening_ = made();
  const std::unique_ptr<BIO_ADDR, void (*)(BIO_ADDR*)> nobody(BIO_ADDR_new(), BIO_ADDR_free);
  if (!listening_ || !nobody) return false;
  greets_ = true;
  const int shown = DTLSv1_listen(listening_, nobody.get());
  greets_ = false;
  ERR_clear_error();
  if (shown == 1) begin(std::exchange(listening_, nullptr));
  return shown == 1;
}

void DtlsAssociation::wake(Ms now) {
  if (state_ != State::waiting || now < deadline_) return;
  ERR_clear_error();
  if (now - begunAt_ >= kHandshakeMs || DTLSv1_handle_timeout(ssl_) < 0) end("dtls-timeout");
  schedule(now);
}

void DtlsAssociation::close() {
  if (state_ == State::over) return;
  ERR_clear_error();
  if (state_ == State::secured) SSL_shutdown(ssl_);
  end("dtls-closed");
}

std::vector<std::string> DtlsAssociation::takeGreetings() { return std::exchange(greetings_, {}); }

std::vector<std::string> DtlsAssociation::takeOutbox() { return std::exchange(outbox_, {}); }

void DtlsAssociation::proceed(Ms now) {
  if (!ssl_ || state_ == State::over) return;
  ERR_clear_error();
  if (state_ == State::waiting) {
    const int done = SSL_do_handshake(ssl_);
    if (done == 1) secure();
    else judge(done);
  }
  // Nothing but the end of it is of interest: data isn't carried.
  std::array<char, 2048> data;
  while (state_ == State::secured) {
    const int got = SSL_read(ssl_, data.data(), data.size());
    if (got > 0) continue;
    judge(got);
    break;
  }
  // Who sent nothing but nonsense hasn't begun.
  if (!begun_ && !outbox_.empty()) {
    begun_ = true;
    begunAt_ = now;
  }
  schedule(now);
}

void DtlsAssociation::schedule(Ms now) {
  deadline_ = kNever;
  if (state_ != State::waiting || !begun_) return;
  deadline_ = begunAt_ + kHandshakeMs;
  timeval left{};
  if (DTLSv1_get_timeout(ssl_, &left) != 1) return;
  const Ms leftMs = static_cast<Ms>(left.tv_sec) * 1000 + static_cast<Ms>(left.tv_usec) / 1000 + 1;
  deadline_ = std::min(deadline_, now + leftMs);
}

void DtlsAssociation::secure() {
  const SrtpSuite suite = suiteOf(SSL_get_selected_srtp_profile(ssl_));
  if (suite == SrtpSuite::none) return end("dtls-no-srtp-profile");
  // Judged in the handshake already; without it no key leaves, whatever OpenSSL says.
  if (proof_.verdict != PeerProof::Verdict::right) return end("dtls-fingerprint");
  const size_t key = factsOf(suite).keyBytes;
  const size_t salt = factsOf(suite).saltBytes;
  std::array<uint8_t, 2 * (32 + 14)> material;
  if (SSL_export_keying_material(ssl_, material.data(), 2 * (key + salt), kLabel.data(),
                                 kLabel.size(), nullptr, 0, 0) != 1) {
    return end("dtls-handshake");
  }
  // The client's key, the server's, then the salts (RFC 5764 §4.2).
  SrtpMaster* client = plan_.role == DtlsRole::active ? &outbound_ : &inbound_;
  SrtpMaster* server = plan_.role == DtlsRole::active ? &inbound_ : &outbound_;
  client->suite = server->suite = suite;
  std::memcpy(client->key.data(), material.data(), key);
  std::memcpy(server->key.data(), material.data() + key, key);
  std::memcpy(client->salt.data(), material.data() + 2 * key, salt);
  std::memcpy(server->salt.data(), material.data() + 2 * key + salt, salt);
  OPENSSL_cleanse(material.data(), material.size());
  state_ = State::secured;
}

void DtlsAssociation::judge(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return;
    case SSL_ERROR_ZERO_RETURN:
      return end("dtls-closed");
    default:
      break;
  }
  if (proof_.verdict == PeerProof::Verdict::wrong) return end("dtls-fingerprint");
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
  const bool alerted = reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256;
  end(alerted ? "dtls-alert-" + std::to_string(reason - SSL_AD_REASON_OFFSET) : "dtls-handshake");
}

void DtlsAssociation::end(std::string why) {
  state_ = State::over;
  why_ = std::move(why);
  inbound_ = SrtpMaster();
  outbound_ = SrtpMaster();
  deadline_ = kNever;
}

BIO_METHOD* DtlsAssociation::datagrams() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "datagrams");
    if (!made) return made;
    BIO_meth_set_write(made, write);
    BIO_meth_set_read(made, read);
    BIO_meth_set_ctrl(made, control);
    return made;
  }();
  return method;
}

int DtlsAssociation::write(BIO* bio, const char* bytes, int size) {
  auto* self = static_cast<DtlsAssociation*>(BIO_get_data(bio));
  auto& box = self->greets_ ? self->greetings_ : self->outbox_;
  if (box.size() < kOutboxMax) box.emplace_back(bytes, size);
  return size;
}

int DtlsAssociation::read(BIO* bio, char* bytes, int size) {
  auto* self = static_cast<DtlsAssociation*>(BIO_get_data(bio));
  const std::string_view datagram = self->incoming_;
  if (!self->peeks_) self->incoming_ = {};
  BIO_clear_retry_flags(bio);
  if (datagram.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const size_t taken = std::min(datagram.size(), static_cast<size_t>(size));
  std::memcpy(bytes, datagram.data(), taken);
  return static_cast<int>(taken);
}

long DtlsAssociation::control(BIO* bio, int command, long number, void*) {
  if (command == BIO_CTRL_DGRAM_SET_PEEK_MODE) {
    static_cast<DtlsAssociation*>(BIO_get_data(bio))->peeks_ = number != 0;
    return 1;
  }
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace media
