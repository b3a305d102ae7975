import assert from "node:assert/strict";

/** What a description asks for. */
export interface Asked {
  readonly address: string;
  readonly ports: readonly number[];
  readonly direction: string;
}

const DIRECTIONS = ["sendrecv", "sendonly", "recvonly", "inactive"];

const LINES: Readonly<Record<string, (port: number, direction: string) => string>> = {
  audio: (port, direction) =>
    `m=audio ${port} RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=${direction}\r\n`,
  video: (port, direction) =>
    `m=video ${port} RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=${direction}\r\n`,
  t38: (port) =>
    `m=image ${port} udptl t38\r\na=T38FaxVersion:0\r\na=T38FaxRateManagement:transferredTCF\r\n`,
};

/** A peer's description by its words: "sendonly", "port=40000", "at=10.77.0.30", "audio+video". */
export function printDescription(
  words: readonly string[],
  peer: { name: string; address: string; version: number },
): string {
  const option = (name: string): string | undefined =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const address = option("at") ?? peer.address;
  const port = Number(option("port") ?? 30_000);
  const direction = words.find((word) => DIRECTIONS.includes(word)) ?? "sendrecv";
  const lines = words.find((word) => /^[a-z0-9-]+(\+[a-z0-9-]+)*$/.test(word) && isLines(word));
  const kinds = (lines ?? "audio").split("+");
  const origin = `${peer.name}-origin 4711 ${peer.version} IN IP4 ${peer.address}`;
  return `v=0\r\no=${origin}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\n${kinds
    .map((kind, i) => lineOf(kind, port + 2 * i, direction))
    .join("")}`;
}

/** "-audio" is an audio line that is refused. */
const lineOf = (kind: string, port: number, direction: string): string =>
  kind.startsWith("-") ? LINES[kind.slice(1)]!(0, "inactive") : LINES[kind]!(port, direction);

const isLines = (word: string): boolean =>
  word.split("+").every((kind) => LINES[kind.replace(/^-/, "")] !== undefined);

export function readDescription(sdp: string): Asked {
  const address = /^c=IN IP[46] (\S+)/m.exec(sdp)?.[1] ?? "";
  const ports = [...sdp.matchAll(/^m=\w+ (\d+) /gm)].map(([, port]) => Number(port));
  const direction = /^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(sdp)?.[1] ?? "sendrecv";
  return { address, ports, direction };
}

/** Holds what the gateway says of media against the words that the ladder expects. */
export function checkDescription(sdp: string, words: readonly string[]): void {
  const { address, direction } = readDescription(sdp);
  for (const word of words) {
    if (DIRECTIONS.includes(word)) assert.equal(direction, word, "the direction");
    else if (word.startsWith("at=")) assert.equal(`at=${address}`, word, "the address");
    else if (isLines(word)) assert.deepEqual(kindsOf(sdp), word.split("+"), "the media lines");
  }
  if (/m=audio [1-9]/.test(sdp)) {
    assert.match(sdp, /^m=audio \d+ RTP\/AVP 8 0 101\r$/m, "payload types are never renumbered");
    assert.match(sdp, /^a=rtpmap:101 telephone-event\/8000\r$/m, "DTMF stays");
  }
  if (/m=image [1-9]/.test(sdp)) assert.match(sdp, /^a=T38FaxVersion:0\r$/m, "T.38 stays");
}

function kindsOf(sdp: string): string[] {
  return [...sdp.matchAll(/^m=(\w+) (\d+) /gm)].map(([, media = "", port]) => {
    const kind = media === "image" ? "t38" : media;
    return port === "0" ? `-${kind}` : kind;
  });
}

/**
 * RFC 3264 §8: the later description in a dialog has the same origin, and a version one higher
 * exactly when anything in it has changed.
 */
export function checkSuccession(before: string, after: string): void {
  const [first, second] = [originOf(before), originOf(after)];
  assert.equal(second.name, first.name, "the origin stays the same in a dialog (RFC 3264 §8)");
  const isSame = before.replace(/^o=.*$/m, "") === after.replace(/^o=.*$/m, "");
  if (!isSame)
    assert.equal(second.version, first.version + 1n, "a change counts one version (RFC 3264 §8)");
  else
    assert.ok(
      second.version === first.version || second.version === first.version + 1n,
      `the version goes from ${first.version} to ${second.version} (RFC 3264 §8)`,
    );
}

function originOf(sdp: string): { name: string; version: bigint } {
  const [, user, id, version = "0", rest] = /^o=(\S+) (\S+) (\d+) (.*?)\r?$/m.exec(sdp) ?? [];
  return { name: `${user} ${id} ${rest}`, version: BigInt(version) };
}
