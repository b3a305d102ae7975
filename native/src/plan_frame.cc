#include "plan_frame.h"

#include <algorithm>
#include <string_view>

namespace media {

namespace {

SrtpMaster readMaster(FrameReader& frame) {
  SrtpMaster master;
  const uint8_t suite = frame.u8();
  if (suite == 0 || suite >= kSrtpSuites) return master;
  master.suite = static_cast<SrtpSuite>(suite);
  frame.bytes(master.key.data(), factsOf(master.suite).keyBytes);
  frame.bytes(master.salt.data(), factsOf(master.suite).saltBytes);
  master.mkiBytes = frame.u8();
  master.mki = frame.u32();
  return master;
}

Formats readFormats(FrameReader& frame) {
  Formats formats;
  for (size_t left = frame.u8(); left > 0; left--) {
    const uint8_t payloadType = frame.u8();
    const auto use = static_cast<Formats::Use>(frame.u8() % Formats::kUses);
    formats.add(payloadType, frame.u32(), use);
  }
  return formats;
}

IceCredentials readIce(FrameReader& frame) {
  IceCredentials ice;
  ice.ufrag = frame.text();
  ice.password = frame.text();
  ice.remoteUfrag = frame.text();
  return ice;
}

DtlsPlan readDtls(FrameReader& frame) {
  DtlsPlan dtls;
  const uint8_t role = frame.u8();
  if (role == 0) return dtls;
  const uint8_t count = frame.u8();
  // Who means DTLS mustn't get less, whatever is wrong with the rest.
  if (role >= kDtlsRoles || count > kFingerprintsMax) frame.spoil();
  dtls.role = static_cast<DtlsRole>(role);
  for (size_t left = std::min<size_t>(count, kFingerprintsMax); left > 0; left--) {
    Fingerprint& fingerprint = dtls.fingerprints.emplace_back();
    const uint8_t hash = frame.u8();
    if (hash == 0 || hash >= kFingerprintHashes) frame.spoil();
    else fingerprint.hash = static_cast<FingerprintHash>(hash);
    frame.bytes(fingerprint.bytes.data(), bytesOf(fingerprint.hash));
  }
  return dtls;
}

BundleLine readBundled(FrameReader& frame) {
  BundleLine line;
  line.mid = frame.text();
  if (!line.present()) return line;
  line.midId = frame.u8();
  // As many as the bundle remembers are more than a description names.
  for (size_t left = frame.u8(); left > 0; left--) line.ssrcs.push_back(frame.u32());
  return line;
}

}  // namespace

EndPlan readEnd(FrameReader& frame) {
  EndPlan end;
  const std::string_view local = frame.text();
  end.local = Address::parse(local, frame.u16());
  end.rtcpPort = frame.u16();
  const std::string_view remote = frame.text();
  end.remote = Address::parse(remote, frame.u16());
  end.unreadable = !remote.empty() && !end.remote.present();
  end.remoteRtcpPort = frame.u16();
  end.learns = frame.u8() != 0;
  end.dscp = frame.u8();
  end.inbound = readMaster(frame);
  end.outbound = readMaster(frame);
  end.formats = readFormats(frame);
  end.ice = readIce(frame);
  end.dtls = readDtls(frame);
  end.bundled = readBundled(frame);
  return end;
}

}  // namespace media
