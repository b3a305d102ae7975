import type { CallSetup, Face } from "#calls";
import { type MediaFacts, sdpMask } from "#media";
import { protocolsOf, type Settings, sentBy, transportsOf } from "#settings";
import type { Side, Transport } from "#sip";

/** What calls need of the settings. */
export function callSetupOf(settings: Settings): CallSetup {
  return {
    faces: { public: faceOf(settings, "public"), private: faceOf(settings, "private") },
    masked: settings.topologyMask,
    product: settings.sip.serverHeader,
    ringS: settings.calls.ringTimeoutS,
    peerPatienceMs: settings.sip.timings.tryNextMs,
    maxForwards: settings.calls.maxForwards,
    media: mediaFactsOf(settings),
  };
}

function faceOf(settings: Settings, side: Side): Face {
  const ports: Partial<Record<Transport, number>> = {};
  for (const transport of transportsOf(protocolsOf(settings, side))) {
    ports[transport] = sentBy(settings, side, transport).port;
  }
  return { side, advertised: sentBy(settings, side, "udp").host, ports };
}

function mediaFactsOf(settings: Settings): MediaFacts {
  const { symmetricRtp, qos, media, rtp } = settings;
  const latches = (side: Side): boolean => symmetricRtp === "both" || symmetricRtp === side;
  const sideOf = (side: Side) => ({
    localAddress: side === "public" ? settings.publicLocal.address : settings.privateLocal.address,
    advertisedAddress: sentBy(settings, side, "udp").host,
    latch: latches(side),
  });
  return {
    sides: { public: sideOf("public"), private: sideOf("private") },
    dscp: { audio: qos.audio, video: qos.video },
    ...(settings.topologyMask ? { mask: sdpMask(hostsOf(settings)) } : {}),
    portChange: rtp.changePortOnRenegotiation,
    opaque: media.opaque === "pass",
    silenceS: media.silenceS,
  };
}

/** The names that each side must not learn of the other; addresses are hidden whoever owns them. */
function hostsOf(settings: Settings): Record<Side, readonly string[]> {
  const { pbx, pbxReached, trunks } = settings;
  const operators = trunks.flatMap((trunk) => [
    ...trunk.peers.map((peer) => peer.host),
    trunk.domain ?? "",
  ]);
  return { private: [pbx.host, pbxReached.host], public: operators };
}
