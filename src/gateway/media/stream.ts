import type { Format, Role, SrtpKey, SrtpKeys, Stream, StreamEnd } from "./command.ts";
import { sameFormats } from "./formats.ts";
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

/** RTP and RTCP on one port, both ends alike (RFC 5761), or on two. */
export function withMux(stream: Stream, mux: boolean): Stream {
  const { port, rtcpPort } = stream.ends.caller;
  if (rtcpPort === rtcpPortOf(port, stream.kind, mux)) return stream;
  return withBothEnds(stream, (end) => ({
    ...end,
    rtcpPort: rtcpPortOf(end.port, stream.kind, mux),
  }));
}

/** The stream with one leg's peer where that wants its media now, or nowhere. */
export function withRemote(stream: Stream, role: Role, remote: Remote, mux = false): Stream {
  const { localAddress, port, rtcpPort, latch, dscp, srtp, formats } = stream.ends[role];
  const { address: remoteAddress, port: remotePort } = remote;
  const remoteRtcpPort = mux || stream.kind === "opaque" ? remotePort : remote.rtcpPort;
  const end: StreamEnd = {
    localAddress,
    port,
    rtcpPort,
    latch,
    dscp,
    ...(srtp && { srtp }),
    ...(formats && { formats }),
    ...(remoteAddress !== undefined && { remoteAddress }),
    ...(remotePort !== undefined && { remotePort }),
    ...(remoteRtcpPort !== undefined && { remoteRtcpPort }),
  };
  return { ...stream, ends: { ...stream.ends, [role]: end } };
}

/** The stream with one end protected by these keys, or plain. */
export function withKeys(stream: Stream, role: Role, srtp: SrtpKeys | undefined): Stream {
  if (sameKeys(stream.ends[role].srtp, srtp)) return stream;
  const { srtp: _former, ...end } = stream.ends[role];
  return { ...stream, ends: { ...stream.ends, [role]: srtp ? { ...end, srtp } : end } };
}

/** The stream with what one leg's description lists. */
export function withFormats(stream: Stream, role: Role, formats: readonly Format[]): Stream {
  const end = stream.ends[role];
  if (sameFormats(end.formats, formats)) return stream;
  return { ...stream, ends: { ...stream.ends, [role]: { ...end, formats } } };
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
      sameFormats(a.formats, b.formats) &&
      a.localAddress === b.localAddress)
  );
}

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

function withBothEnds(stream: Stream, change: (end: StreamEnd) => StreamEnd): Stream {
  const ends = { caller: change(stream.ends.caller), callee: change(stream.ends.callee) };
  return { ...stream, ends };
}
