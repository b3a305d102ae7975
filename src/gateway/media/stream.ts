import type { Side } from "#sip";
import type { Stream, StreamEnd } from "./command.ts";
import type { MediaFacts } from "./media-facts.ts";
import type { Remote } from "./target.ts";

/** The even port of a stream's pair on each side. */
export type Ports = Readonly<Record<Side, number>>;

export interface StreamName {
  /** Begins with the call's id and a dot. */
  readonly id: string;
  readonly callId: string;
}

/** What an m= line asks of its stream. */
export interface StreamShape {
  readonly kind: Stream["kind"];
  readonly dscp: number;
}

/** A stream on ports of its own, that knows no peer yet and isn't watched for silence. */
export function newStream(
  name: StreamName,
  shape: StreamShape,
  ports: Ports,
  facts: MediaFacts,
): Stream {
  const end = (side: Side): StreamEnd => ({
    localAddress: facts.sides[side].localAddress,
    port: ports[side],
    rtcpPort: rtcpPortOf(ports[side], shape.kind, false),
    latch: facts.sides[side].latch,
    dscp: shape.dscp,
  });
  const ends = { public: end("public"), private: end("private") };
  return { ...name, kind: shape.kind, ends, silenceS: 0 };
}

/** The same ports for what an m= line asks now, as when voice turns to fax; the answer says mux. */
export const reshaped = (stream: Stream, { kind, dscp }: StreamShape): Stream =>
  withBothEnds({ ...stream, kind }, (end) => ({
    ...end,
    dscp,
    rtcpPort: rtcpPortOf(end.port, kind, false),
  }));

/** RTP and RTCP on one port, both sides alike (RFC 5761), or on two. */
export function withMux(stream: Stream, mux: boolean): Stream {
  const { port, rtcpPort } = stream.ends.public;
  if (rtcpPort === rtcpPortOf(port, stream.kind, mux)) return stream;
  return withBothEnds(stream, (end) => ({
    ...end,
    rtcpPort: rtcpPortOf(end.port, stream.kind, mux),
  }));
}

/** The stream with its peer of one side where that wants its media now, or nowhere. */
export function withRemote(stream: Stream, side: Side, remote: Remote, mux = false): Stream {
  const { localAddress, port, rtcpPort, latch, dscp } = stream.ends[side];
  const { address: remoteAddress, port: remotePort } = remote;
  const remoteRtcpPort = mux || stream.kind === "opaque" ? remotePort : remote.rtcpPort;
  const end: StreamEnd = {
    localAddress,
    port,
    rtcpPort,
    latch,
    dscp,
    ...(remoteAddress !== undefined && { remoteAddress }),
    ...(remotePort !== undefined && { remotePort }),
    ...(remoteRtcpPort !== undefined && { remoteRtcpPort }),
  };
  return { ...stream, ends: { ...stream.ends, [side]: end } };
}

/** Whether the plane needs to hear of `b` when it was told `a`. */
export function sameStream(a: Stream, b: Stream): boolean {
  if (a === b) return true;
  return (
    a.id === b.id &&
    a.kind === b.kind &&
    a.silenceS === b.silenceS &&
    sameEnd(a.ends.public, b.ends.public) &&
    sameEnd(a.ends.private, b.ends.private)
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
      a.localAddress === b.localAddress)
  );
}

const rtcpPortOf = (port: number, kind: Stream["kind"], mux: boolean): number =>
  mux || kind === "opaque" ? port : port + 1;

function withBothEnds(stream: Stream, change: (end: StreamEnd) => StreamEnd): Stream {
  const ends = { public: change(stream.ends.public), private: change(stream.ends.private) };
  return { ...stream, ends };
}
