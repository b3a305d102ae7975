export {
  type Aim,
  floodBySipp,
  type LeftConnections,
  type LeftKind,
  leaveConnections,
  type SippFlood,
} from "./attacker.ts";
export { type Baresip, startBaresip } from "./baresip.ts";
export { type Browser, startBrowser } from "./browser.ts";
export { Capture } from "./capture.ts";
export { command } from "./command.ts";
export {
  type GatewayPlan,
  gatewaySettings,
  PRIVATE_PORT,
  PRIVATE_TLS_PORT,
  PUBLIC_PORT,
  PUBLIC_TLS_PORT,
  type RunningGateway,
  startGateway,
} from "./gateway.ts";
export { Host } from "./host.ts";
export { KAMAILIO_TLS_PORT, startKamailioPbx } from "./kamailio.ts";
export { startKamailioOperator } from "./kamailio-operator.ts";
export { Lab } from "./lab.ts";
export { buildLibsrtpPeer, LibsrtpPeer, missingLibsrtp } from "./libsrtp-peer.ts";
export { type Linphone, startLinphone } from "./linphone.ts";
export { pcapOf } from "./pcap.ts";
export { missing, OUTBOUND_MODULE } from "./peers.ts";
export { Program } from "./program.ts";
export { REFERRER, ReferringPhones } from "./referring-phones.ts";
export { bracketed, type Sipp, type SippCounts, type SippOptions, startSipp } from "./sipp.ts";
export * from "./sipp-scenario.ts";
export * from "./site.ts";
export { heardTone, hearMore, type Telephone, talkAndHangUp } from "./telephone.ts";
export { startTlsClient, startTlsServer } from "./tls-tunnel.ts";
export { loudSeconds, purities, purity, readWav } from "./tone.ts";
