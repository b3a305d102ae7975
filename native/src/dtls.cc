#include "dtls.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/srtp.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace media {

namespace {

// Media waits for the handshake: a lost flight is sent again sooner than RFC 6347 §4.2.4.1 has
// it, as its last paragraph allows, and never much later.
constexpr unsigned kRetransmitFirstUs = 100'000;
constexpr unsigned kRetransmitMaxUs = 5'000'000;
// Nobody keeps us busy by beginning anew all the time.
constexpr Ms kRenewalMs = 100;
constexpr std::string_view kLabel = "EXTRACTOR-dtls_srtp";

// The first record of a datagram that begins with a ClientHello (RFC 6347 §4.1, §4.2.2).
namespace hello {
constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kClientHello = 1;
constexpr size_t kEpoch = 3;
constexpr size_t kType = 13;
constexpr size_t kFragmentOffset = 19;
constexpr size_t kRandom = 27;
constexpr size_t kRandomBytes = 32;
}  // namespace hello

bool zero(const uint8_t* bytes, size_t size) {
  return std::all_of(bytes, bytes + size, [](uint8_t byte) { return byte == 0; });
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

DtlsAssociation::DtlsAssociation(const DtlsIdentity& identity, const DtlsPlan& plan)
    : identity_(identity), plan_(plan) {
  open();
}

DtlsAssociation::~DtlsAssociation() { SSL_free(ssl_); }

void DtlsAssociation::open() {
  SSL_free(ssl_);
  proof_ = {plan_.fingerprints, PeerProof::Verdict::none};
  ssl_ = identity_.open(proof_);
  BIO* bio = ssl_ ? BIO_new(datagrams()) : nullptr;
  if (!bio) return end("dtls-unavailable");
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_mtu(ssl_, kDatagramMax);
  DTLS_set_timer_cb(ssl_, nextTimer);
  if (plan_.role == DtlsRole::active) SSL_set_connect_state(ssl_);
  else SSL_set_accept_state(ssl_);
  ERR_clear_error();
}

void DtlsAssociation::start(Ms now) {
  if (plan_.role != DtlsRole::active || begun_ || state_ != State::waiting) return;
  proceed(now);
}

void DtlsAssociation::receive(const uint8_t* datagram, size_t size, Ms now) {
  if (state_ == State::over) return;
  if (beginsAnew(datagram, size, now)) {
    open();
    begun_ = false;
  }
  incoming_ = {reinterpret_cast<const char*>(datagram), size};
  proceed(now);
  incoming_ = {};
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

bool DtlsAssociation::beginsAnew(const uint8_t* datagram, size_t size, Ms now) {
  if (plan_.role != DtlsRole::passive || state_ != State::waiting) return false;
  if (size < hello::kRandom + hello::kRandomBytes) return false;
  // Epoch 0, message 0, not a later fragment of it.
  const bool first = datagram[0] == hello::kHandshakeRecord &&
                     datagram[hello::kType] == hello::kClientHello &&
                     zero(datagram + hello::kEpoch, 2) && zero(datagram + hello::kType + 4, 2) &&
                     zero(datagram + hello::kFragmentOffset, 3);
  if (!first) return false;
  const uint8_t* random = datagram + hello::kRandom;
  const bool same = std::memcmp(hello_.data(), random, hello_.size()) == 0;
  // The peer gave up and tries again, or somebody forged its address before it spoke: OpenSSL
  // would wait for the rest of the first one (attack case E3).
  const bool anew = begun_ && !same && now - begunAt_ >= kRenewalMs;
  if (!begun_ || anew) std::memcpy(hello_.data(), random, hello_.size());
  return anew;
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
  if (self->outbox_.size() < kOutboxMax) self->outbox_.emplace_back(bytes, size);
  return size;
}

int DtlsAssociation::read(BIO* bio, char* bytes, int size) {
  auto* self = static_cast<DtlsAssociation*>(BIO_get_data(bio));
  const std::string_view datagram = std::exchange(self->incoming_, {});
  BIO_clear_retry_flags(bio);
  if (datagram.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const size_t taken = std::min(datagram.size(), static_cast<size_t>(size));
  std::memcpy(bytes, datagram.data(), taken);
  return static_cast<int>(taken);
}

long DtlsAssociation::control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace media
