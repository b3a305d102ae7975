#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "demux.h"
#include "dtls.h"
#include "dtls_identity.h"
#include "stream.h"

namespace media {

// How ends come to their pairs and keys: takes what comes by their ports and is no media, answers
// it, and tells what became of it.
class Negotiator {
 public:
  // Events are appended to `events` as frames.
  explicit Negotiator(std::string& events) : events_(events) {}
  Negotiator(const Negotiator&) = delete;
  Negotiator& operator=(const Negotiator&) = delete;

  Fingerprint fingerprint(FingerprintHash hash = FingerprintHash::sha256) const {
    return identity_.fingerprint(hash);
  }

  // Makes ICE and DTLS of an end what its plan says. What stays the same goes on.
  void agree(End& end, const EndPlan& plan, Ms now);
  // Before the stream goes, or one end's own ports.
  void part(Stream& stream, Ms now);
  void part(End& end, Ms now);
  // Another port has the association.
  void moved(Port& from, Port& to);

  void take(Port& port, Content content, const uint8_t* packet, size_t size, const Address& from,
            Ms now);

  // When `wake` has something to do.
  Ms deadline() const { return deadline_; }
  void wake(Ms now);

 private:
  void takeStun(End& end, const uint8_t* packet, size_t size, const Address& from, Ms now);
  void takeDtls(Port& port, const uint8_t* packet, size_t size, const Address& from, Ms now);
  void agree(Port& port, const DtlsPlan& plan, Ms now);
  void begin(Port& port, Ms now);
  // After anything that may have moved an association.
  void follow(Port& port, Ms now);
  void tell(Port& port, Ms now);
  void flush(Port& port, Ms now);
  void drop(Port& port, Ms now);
  void watch(Port& port, bool watched);

  std::string& events_;
  const DtlsIdentity identity_;
  // The ports whose associations have a deadline.
  std::vector<Port*> watched_;
  Ms deadline_ = DtlsAssociation::kNever;
};

}  // namespace media
