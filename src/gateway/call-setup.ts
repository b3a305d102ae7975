import { canonicalAddress, cidrContains, parseAddress, parseCidr, type Random } from "#base";
import type { CallSetup, Face } from "#calls";
import {
  type MediaFacts,
  namePattern,
  newIce,
  newKey,
  type SrtpPolicy,
  SUITES_OF,
  sdpMask,
} from "#media";
import { listenersOf, protocolsOf, type Settings, sentBy, transportsOf } from "#settings";
import type { Side, Transport } from "#sip";

/** Of the certificate of the media plane, as it is now; "" without. */
type Fingerprint = SrtpPolicy["fingerprint"];

/** What calls need of the settings. */
export function callSetupOf(
  settings: Settings,
  random: Random,
  fingerprint: Fingerprint,
): CallSetup {
  return {
    faces: { public: faceOf(settings, "public"), private: faceOf(settings, "private") },
    masked: settings.topologyMask,
    hidden: hiddenOf(settings),
    product: settings.sip.serverHeader,
    ringS: settings.calls.ringTimeoutS,
    peerPatienceMs: settings.sip.timings.tryNextMs,
    maxForwards: settings.calls.maxForwards,
    media: mediaFactsOf(settings, random, fingerprint),
    timers: settings.sessionTimer,
    keepsCalls: settings.media.outliveS > 0,
  };
}

function faceOf(settings: Settings, side: Side): Face {
  const ports: Partial<Record<Transport, number>> = {};
  for (const transport of transportsOf(protocolsOf(settings, side))) {
    ports[transport] = sentBy(settings, side, transport).port;
  }
  return { side, advertised: sentBy(settings, side, "udp").host, ports };
}

function mediaFactsOf(settings: Settings, random: Random, fingerprint: Fingerprint): MediaFacts {
  const { symmetricRtp, qos, media, rtp } = settings;
  const latches = (side: Side): boolean => symmetricRtp === "both" || symmetricRtp === side;
  const sideOf = (side: Side) => ({
    localAddress: side === "public" ? settings.publicLocal.address : settings.privateLocal.address,
    advertisedAddress: sentBy(settings, side, "udp").host,
    latch: latches(side),
  });
  return {
    sides: { public: sideOf("public"), private: sideOf("private") },
    signallingPorts: signallingPorts(settings),
    pbx: pbxAlone(settings),
    dscp: { audio: qos.audio, video: qos.video },
    ...srtpOf(settings, random, fingerprint),
    newIce: () => newIce(random),
    bundles: media.bundle === "auto",
    ...(settings.topologyMask ? { mask: sdpMask(hostsOf(settings)) } : {}),
    portChange: rtp.changePortOnRenegotiation,
    opaque: media.opaque !== "refuse",
    opaqueInClear: media.opaque === "always",
    silenceS: media.silenceS,
  };
}

/** Where we listen for SIP, and where those outside reach that. */
function signallingPorts(settings: Settings): ReadonlySet<number> {
  const reached = transportsOf(settings.publicProtocols).map(
    (transport) => sentBy(settings, "public", transport).port,
  );
  return new Set([...listenersOf(settings).map(({ port }) => port), ...reached]);
}

/** The PBX's addresses; none that an operator has as well, as in a trial. */
function pbxAlone({ pbx, pbxReached, trunks }: Settings): ReadonlySet<string> {
  const known = (hosts: readonly string[]) =>
    hosts.map(canonicalAddress).filter((at) => at !== undefined);
  const others = trunks.flatMap(({ sourceAddresses }) => sourceAddresses.map(parseCidr));
  const isOthers = (at: string): boolean =>
    others.some((block) => block && cidrContains(block, parseAddress(at)!));
  return new Set(known([pbx.host, pbxReached.host]).filter((at) => !isOthers(at)));
}

/** « Interface sécurisée » turns TLS and SRTP on, or both off (spec §4.6). */
function srtpOf(
  settings: Settings,
  random: Random,
  fingerprint: Fingerprint,
): { srtp?: SrtpPolicy } {
  const { securedInterface, voiceEncryption, media } = settings;
  if (!securedInterface || voiceEncryption === "off") return {};
  const suites = SUITES_OF[voiceEncryption];
  const { encryption: voice, keyExchange: exchange } = media;
  const ofKey: SrtpPolicy["newKey"] = (suite) => newKey(suite, random);
  return { srtp: { voice, exchange, suites, newKey: ofKey, fingerprint } };
}

/**
 * What texts may not name: the hosts, and our own address on the other side. A name without a dot
 * may be a word as well ("pbx"): that is hidden in URIs alone.
 */
function hiddenOf(settings: Settings): CallSetup["hidden"] {
  const hosts = hostsOf(settings);
  const pattern = (side: Side) => {
    const names = [...hosts[side], sentBy(settings, side, "udp").host];
    return namePattern(
      names.filter((name) => /[.:]/.test(name)),
      "gi",
    );
  };
  return { public: pattern("private"), private: pattern("public") };
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
