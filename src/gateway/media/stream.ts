import type {
  BundledEnd,
  Format,
  IceEnd,
  Role,
  SrtpKey,
  SrtpKeys,
  Stream,
  StreamEnd,
} from "./command.ts";
import { sameFormats } from "./formats.ts";
import { sameDtls } from "./line-dtls.ts";
import { sameIce } from "./line-ice.ts";
import type { CallSides, MediaFacts } from "./media-facts.ts";
import type { Remote } from "./target.ts";

/** The even port of a stream's pair towards each leg. */
export type Ports = Readonly<Record<Role, number>>;

export interface StreamName {
  /** Begins with the call's id and a dot. */
  readonly id: string;
  readonly callId: string;
}

/** What an m= line asks of its stream. */
export interface StreamShape {
  readonly kind: Stream["kind"];
  readonly dscp: number;
  readonly isVoice: boolean;
}

/** A stream on ports of its own, that knows no peer yet and isn't watched for silence. */
export function newStream(
  name: StreamName,
  shape: StreamShape,
  ports: Ports,
  sides: CallSides,
  facts: MediaFacts,
): Stream {
  const end = (role: Role): StreamEnd => ({
    localAddress: facts.sides[sides[role]].localAddress,
    port: ports[role],
    rtcpPort: rtcpPortOf(ports[role], shape.kind, false),
    latch: facts.sides[sides[role]].latch,
    dscp: shape.dscp,
  });
  const ends = { caller: end("caller"), callee: end("callee") };
  return { ...name, kind: shape.kind, ends, silenceS: 0, isVoice: shape.isVoice };
}

/** The same ports for what an m= line asks now, as when voice turns to fax; the answer says mux. */
export const reshaped = (stream: Stream, { kind, dscp, isVoice }: StreamShape): Stream =>
  withBothEnds({ ...stream, kind, isVoice }, (end) => ({
    ...end,
    dscp,
    rtcpPort: rtcpPortOf(end.port, kind, false),
  }));

/** One end with RTP and RTCP on one port (RFC 5761), or on two, whatever the other has. */
export function withMux(stream: Stream, role: Role, mux: boolean): Stream {
  const end = stream.ends[role];
  const rtcpPort = rtcpPortOf(end.port, stream.kind, mux);
  return end.rtcpPort === rtcpPort ? stream : withEnd(stream, role, { ...end, rtcpPort });
}

/** The stream with one leg's peer where that wants its media now, or nowhere. */
export function withRemote(stream: Stream, role: Role, remote: Remote, mux = false): Stream {
  const { remoteAddress: _a, remotePort: _p, remoteRtcpPort: _r, ...known } = stream.ends[role];
  const { address: remoteAddress, port: remotePort } = remote;
  const remoteRtcpPort = mux || stream.kind === "opaque" ? remotePort : remote.rtcpPort;
  return withEnd(stream, role, {
    ...known,
    ...(remoteAddress !== undefined && { remoteAddress }),
    ...(remotePort !== undefined && { remotePort }),
    ...(remoteRtcpPort !== undefined && { remoteRtcpPort }),
  });
}

/** The stream with one end protected by these keys, or by those that DTLS makes, or plain. */
export function withProtection(
  stream: Stream,
  role: Role,
  { srtp, dtls }: Pick<StreamEnd, "srtp" | "dtls">,
): Stream {
  const { srtp: formerKeys, dtls: formerDtls, ...end } = stream.ends[role];
  if (sameKeys(formerKeys, srtp) && sameDtls(formerDtls, dtls)) return stream;
  return withEnd(stream, role, { ...end, ...(srtp && { srtp }), ...(dtls && { dtls }) });
}

/** The stream with one end's pair found by ICE, or as the description says. */
export function withIce(stream: Stream, role: Role, ice: IceEnd | undefined): Stream {
  const { ice: former, ...end } = stream.ends[role];
  if (sameIce(former, ice)) return stream;
  return withEnd(stream, role, ice ? { ...end, ice } : end);
}

/** The stream with one end as a line of a bundle, or on a port of its own. */
export function withBundle(stream: Stream, role: Role, bundle: BundledEnd | undefined): Stream {
  const { bundle: former, ...end } = stream.ends[role];
  if (!former && !bundle) return stream;
  return withEnd(stream, role, bundle ? { ...end, bundle } : end);
}

/** The stream with one end on another's port, with its pair and association; a held one is sent nothing. */
export function withTransport(
  stream: Stream,
  role: Role,
  common: StreamEnd,
  isHeld: boolean,
): Stream {
  const { bundle, formats } = stream.ends[role];
  const { bundle: _b, formats: _f, ...transport } = common;
  const end = { ...transport, ...(bundle && { bundle }), ...(formats && { formats }) };
  const moved = withEnd(stream, role, end);
  return isHeld ? withRemote(moved, role, {}) : moved;
}

/** One end with the transport that it was offered with. */
export function withOwnTransport(stream: Stream, role: Role): Stream {
  const { bundle, ...end } = stream.ends[role];
  if (!bundle?.own) return stream;
  const { own, ...line } = bundle;
  const alone = { ...end, bundle: line, port: own.port, rtcpPort: own.port };
  return withIce(withEnd(stream, role, alone), role, own.ice);
}

/** Each of its ports' pairs once, by the even port. */
export const portsOf = ({ ends: { caller, callee } }: Stream): number[] =>
  [caller.port, callee.port, caller.bundle?.own?.port, callee.bundle?.own?.port].filter(
    (port) => port !== undefined,
  );

/** Nothing is kept for another answer any more. */
export const settledInBundle = (stream: Stream): Stream =>
  ROLES.reduce((settled, role) => {
    const { bundle } = settled.ends[role];
    if (!bundle?.own) return settled;
    const { own: _, ...line } = bundle;
    return withBundle(settled, role, line);
  }, stream);

const ROLES: readonly Role[] = ["caller", "callee"];

/** The stream with what one leg's description lists. */
export function withFormats(stream: Stream, role: Role, formats: readonly Format[]): Stream {
  const end = stream.ends[role];
  return sameFormats(end.formats, formats) ? stream : withEnd(stream, role, { ...end, formats });
}

/** Whether the plane needs to hear of `b` when it was told `a`. */
export function sameStream(a: Stream, b: Stream): boolean {
  if (a === b) return true;
  return (
    a.id === b.id &&
    a.kind === b.kind &&
    a.silenceS === b.silenceS &&
    a.isVoice === b.isVoice &&
    sameEnd(a.ends.caller, b.ends.caller) &&
    sameEnd(a.ends.callee, b.ends.callee)
  );
}

function sameEnd(a: StreamEnd, b: StreamEnd): boolean {
  return (
    a === b ||
    (a.port === b.port &&
      a.rtcpPort === b.rtcpPort &&
      a.remoteAddress === b.remoteAddress &&
      a.remotePort === b.remotePort &&
      a.remoteRtcpPort === b.remoteRtcpPort &&
      a.dscp === b.dscp &&
      a.latch === b.latch &&
      sameKeys(a.srtp, b.srtp) &&
      sameDtls(a.dtls, b.dtls) &&
      sameIce(a.ice, b.ice) &&
      sameFormats(a.formats, b.formats) &&
      sameBundle(a.bundle, b.bundle) &&
      a.localAddress === b.localAddress)
  );
}

const sameBundle = (a: BundledEnd | undefined, b: BundledEnd | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    a.mid === b.mid &&
    a.midId === b.midId &&
    a.ssrcs.join() === b.ssrcs.join());

const sameKeys = (a: SrtpKeys | undefined, b: SrtpKeys | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    sameKey(a.inbound, b.inbound) &&
    sameKey(a.outbound, b.outbound));

const sameKey = (a: SrtpKey, b: SrtpKey): boolean =>
  a.suite === b.suite &&
  a.keySalt.reveal() === b.keySalt.reveal() &&
  a.mki?.value === b.mki?.value &&
  a.mki?.bytes === b.mki?.bytes;

const rtcpPortOf = (port: number, kind: Stream["kind"], mux: boolean): number =>
  mux || kind === "opaque" ? port : port + 1;

const withEnd = (stream: Stream, role: Role, end: StreamEnd): Stream => ({
  ...stream,
  ends: { ...stream.ends, [role]: end },
});

function withBothEnds(stream: Stream, change: (end: StreamEnd) => StreamEnd): Stream {
  const ends = { caller: change(stream.ends.caller), callee: change(stream.ends.callee) };
  return { ...stream, ends };
}
