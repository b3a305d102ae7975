// First inputs of each target, made of the RFCs' examples: `seeds FOLDER`.
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "../src/dtls.h"
#include "../test/vectors.h"
#include "dtls_target.h"
#include "srtp_target.h"
#include "steps.h"
#include "stun_target.h"

using namespace media;
using namespace fuzz;

namespace {

std::filesystem::path root;

void keep(const char* target, const std::string& name, const std::string& input) {
  const std::filesystem::path folder = root / target;
  std::filesystem::create_directories(folder);
  std::ofstream(folder / name, std::ios::binary) << input;
}

std::string bytesOf(std::string_view hex) {
  const auto bytes = vectors::hex(hex);
  return {bytes.begin(), bytes.end()};
}

void seedStun() {
  int number = 0;
  for (const std::string_view message : vectors::kStun) {
    const std::string packet = bytesOf(message);
    const std::string name = std::to_string(number++);
    keep("stun", "whole-" + name, Steps::write(0, packet));
    // The first one is signed with the password that the agent has, for somebody else's name.
    keep("stun", "attributes-" + name, Steps::write(stun::kVouched, packet.substr(20)));
  }
  std::string attributes = bytesOf("00060009") + stun::kFirst.ufrag + ":" + stun::kFirst.remoteUfrag;
  attributes += bytesOf("0024000400000001802a00080000000000000005");
  const std::string nomination = attributes + bytesOf("00250000");
  std::string call = Steps::write(stun::kVouched, attributes);
  call += Steps::write(stun::kVouched | stun::kElsewhere, nomination);
  call += Steps::write(stun::kVouched | stun::kLater, nomination);
  keep("stun", "call", call);
  std::string anew = bytesOf("00060009") + stun::kSecond.ufrag + ":" + stun::kSecond.remoteUfrag;
  anew += bytesOf("802a0008000000000000000500250000");
  keep("stun", "restart", call + Steps::write(stun::kVouched | stun::kRestart, anew));
}

void seedMedia() {
  std::string all;
  std::string reports;
  for (const std::string_view packet : vectors::kRtp) all += Steps::write(14, bytesOf(packet));
  keep("rtp", "voice", all);
  for (const std::string_view packet : vectors::kRtcp) {
    reports += Steps::write(28, bytesOf(packet)) + Steps::write(29, bytesOf(packet));
  }
  keep("rtcp", "reports", reports);
  for (char suite = 0; suite < kSrtpSuites - 1; suite++) {
    std::string safe(1, suite);
    for (const std::string_view packet : vectors::kRtp) {
      safe += Steps::write(srtp::kSealed, bytesOf(packet));
    }
    for (const std::string_view packet : vectors::kRtcp) {
      safe += Steps::write(srtp::kSealed | srtp::kControl, bytesOf(packet));
      safe += Steps::write(srtp::kSealed | srtp::kControl | srtp::kRenewed, bytesOf(packet));
    }
    for (const vectors::Sealed& known : vectors::kSealed) {
      safe += Steps::write(known.control ? srtp::kControl : 0, bytesOf(known.packet));
    }
    for (const std::string_view packet : vectors::kRtp) {
      safe += Steps::write(srtp::kSealed | srtp::kRenewed | srtp::kSpoilt, bytesOf(packet));
    }
    keep("srtp", "suite-" + std::to_string(suite), safe);
  }
}

// A ClientHello and the flight that answers it, as anybody may record them.
void seedDtls() {
  const DtlsIdentity identity;
  DtlsAssociation active(identity, {DtlsRole::active, {identity.fingerprint()}}, true);
  DtlsAssociation passive(identity, {DtlsRole::passive, {identity.fingerprint()}}, true);
  active.start(0);
  for (char part = 0; part < 2; part++) {
    const std::string ours(1, part);
    // Both sides alone: each datagram of the true peer as it is, by turns.
    std::string handshake = ours;
    for (int i = 0; i < 12; i++) handshake += Steps::write(dtls::kTruePeer, "");
    keep("dtls", "handshake-" + std::to_string(part), handshake);
    std::string spoilt = ours;
    for (int i = 0; i < 12; i++) spoilt += Steps::write(dtls::kTruePeer, i == 3 ? "\x01\x00\x01" : "");
    keep("dtls", "spoilt-" + std::to_string(part), spoilt);
  }
  std::array<std::string, 2> recorded{std::string(1, 0), std::string(1, 1)};
  for (int turn = 0; turn < 3; turn++) {
    for (const std::string& datagram : active.takeOutbox()) {
      recorded[0] += Steps::write(0, datagram) + Steps::write(dtls::kStranger, datagram);
      passive.receive(reinterpret_cast<const uint8_t*>(datagram.data()), datagram.size(), 0);
    }
    for (const std::string& datagram : passive.takeOutbox()) {
      recorded[1] += Steps::write(0, datagram) + Steps::write(dtls::kControl, datagram);
      active.receive(reinterpret_cast<const uint8_t*>(datagram.data()), datagram.size(), 0);
    }
  }
  keep("dtls", "recorded-0", recorded[0]);
  keep("dtls", "recorded-1", recorded[1]);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return EXIT_FAILURE;
  root = arguments[1];
  seedStun();
  seedMedia();
  seedDtls();
  return EXIT_SUCCESS;
}
