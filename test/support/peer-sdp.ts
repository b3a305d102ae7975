export type Direction = "sendrecv" | "sendonly" | "recvonly" | "inactive";

/** What a peer of the simulation says of its media. */
export interface MediaSelf {
  readonly address: string;
  readonly port: number;
  readonly version: number;
  readonly direction: Direction;
}

const PAYLOADS: Readonly<Record<string, string>> = {
  audio: "RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000",
  video: "RTP/AVP 96\r\na=rtpmap:96 H264/90000",
};

export function offerSdp(self: MediaSelf, kinds: readonly string[] = ["audio"]): string {
  return (
    head(self) + kinds.map((kind, i) => line(kind, self.port + 2 * i, self.direction)).join("")
  );
}

/** Accepts every line that it knows the kind of; a refused line stays refused (RFC 3264 §6). */
export function answerSdp(offer: string, self: MediaSelf): string {
  const lines = [...offer.matchAll(/^m=(\w+) (\d+) (.*)\r?$/gm)];
  const asked = /^a=(sendonly|recvonly|inactive)/m.exec(offer)?.[1] as Direction | undefined;
  const direction = asked === undefined ? self.direction : MIRROR[asked];
  const answered = lines.map(([, kind = "", port, rest = ""], i) =>
    port === "0" || PAYLOADS[kind] === undefined
      ? `m=${kind} 0 ${rest.trim()}\r\n`
      : line(kind, self.port + 2 * i, direction),
  );
  return head(self) + answered.join("");
}

/** Where a description asks for media: each line's address and port. */
export function mediaTargets(sdp: string): { address: string; port: number }[] {
  const address = /^c=IN IP[46] (\S+)/m.exec(sdp)?.[1] ?? "";
  return [...sdp.matchAll(/^m=\w+ (\d+) /gm)].map(([, port]) => ({ address, port: Number(port) }));
}

const MIRROR: Readonly<Record<Direction, Direction>> = {
  sendrecv: "sendrecv",
  sendonly: "recvonly",
  recvonly: "sendonly",
  inactive: "inactive",
};

function head({ address, version }: MediaSelf): string {
  const family = address.includes(":") ? "IP6" : "IP4";
  const at = `IN ${family} ${address}`;
  return `v=0\r\no=- 4711 ${version} ${at}\r\ns=-\r\nc=${at}\r\nt=0 0\r\n`;
}

const line = (kind: string, port: number, direction: Direction): string =>
  `m=${kind} ${port} ${PAYLOADS[kind] ?? "RTP/AVP 0"}\r\na=${direction}\r\n`;
