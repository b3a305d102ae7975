import type { Side } from "#sip";

export type PeerName = "op" | "op2" | "pbx";

/** Who is where. "op2" is the trunk's second peer. */
export const PEERS: Readonly<Record<PeerName, { side: Side; address: string }>> = {
  op: { side: "public", address: "198.51.100.1" },
  op2: { side: "public", address: "198.51.100.2" },
  pbx: { side: "private", address: "10.77.0.2" },
};

/** One dialog of a peer: "pbx", its second call "pbx/2", a fork of that "pbx/2#b". */
export interface LegName {
  readonly peer: PeerName;
  readonly call: string;
  readonly fork: string;
}

export type Field = readonly [name: string, value: string];

/** "op > INVITE sdp | Supported: 100rel": what a peer sends (">"), or must get ("<"). */
export interface MessageStep {
  readonly kind: "message";
  readonly sends: boolean;
  readonly leg: LegName;
  /** A method, or a status. */
  readonly what: string;
  /** The method that a status answers, where the latest one isn't meant. */
  readonly method: string | undefined;
  /** The description's words after "sdp:", or undefined where there is none. */
  readonly sdp: readonly string[] | undefined;
  readonly fields: readonly Field[];
}

export interface OrderStep {
  readonly kind: "order";
  readonly word: string;
  readonly args: readonly string[];
}

export type Step = (MessageStep | OrderStep) & { readonly line: string };

/** Reads a ladder: one step a line, blank lines between. */
export const parseLadder = (text: string): Step[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => ({ line, ...(parseMessageStep(line) ?? parseOrder(line)) }));

/** The same ladder with the operator and the PBX in each other's place. */
export const mirrored = (text: string): string =>
  text.replace(/\b(op|pbx)\b(?!2)/g, (name) => (name === "op" ? "pbx" : "op"));

function parseMessageStep(line: string): MessageStep | undefined {
  const [head = "", ...fields] = line.split(/\s+\|\s+/);
  const [name = "", arrow, what, ...words] = head.split(/\s+/);
  if ((arrow !== ">" && arrow !== "<") || what === undefined) return undefined;
  const sdp = words.find((word) => /^sdp(:|$)/.test(word));
  return {
    kind: "message",
    sends: arrow === ">",
    leg: parseLegName(name),
    what,
    method: words.find((word) => word !== sdp),
    sdp: sdp?.split(":").slice(1),
    fields: fields.map(parseField),
  };
}

function parseOrder(line: string): OrderStep {
  const [word = "", ...args] = line.split(/\s+/);
  return { kind: "order", word, args };
}

export function parseLegName(text: string): LegName {
  const [whole = "", fork = ""] = text.split("#");
  const [peer = "", call = ""] = whole.split("/");
  if (peer !== "op" && peer !== "op2" && peer !== "pbx") throw new Error(`no peer: ${text}`);
  return { peer, call, fork };
}

function parseField(text: string): Field {
  const colon = text.indexOf(":");
  if (colon < 0) throw new Error(`no field: ${text}`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}
