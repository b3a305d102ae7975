import { parsePort } from "./media-line.ts";

/** An ICE candidate (RFC 8839 §5.1). */
export interface Candidate {
  readonly foundation: string;
  readonly component: number;
  /** In lower case: "udp" or "tcp". */
  readonly transport: string;
  readonly priority: number;
  /** An address, or a name (mDNS). */
  readonly host: string;
  readonly port: number;
  readonly type: string;
  readonly relatedHost?: string;
  readonly relatedPort?: number;
  /** Name and value pairs that follow, in their order. */
  readonly extensions: readonly (readonly [name: string, value: string])[];
}

const PRIORITY_MAX = 2 ** 31 - 1;
const WORDS_MAX = 64;

/** Reads the value of a=candidate; undefined when it isn't one. */
export function parseCandidate(value: string): Candidate | undefined {
  const words = value.trim().split(/ +/);
  if (words.length > WORDS_MAX || words.length % 2 !== 0) return undefined;
  const [foundation, component, transport, priority, host, portText, typ, type] = words;
  const port = parsePort(portText ?? "");
  if (!type || typ !== "typ" || port === undefined) return undefined;
  if (!/^[a-z0-9+/]{1,32}$/i.test(foundation!) || !/^\d{1,3}$/.test(component!)) return undefined;
  if (!/^\d{1,10}$/.test(priority!) || Number(priority) > PRIORITY_MAX) return undefined;
  if (Number(component) < 1 || Number(component) > 256) return undefined;
  const related = readRelated(words.slice(8));
  return (
    related && {
      foundation: foundation!,
      component: Number(component),
      transport: transport!.toLowerCase(),
      priority: Number(priority),
      host: host!,
      port,
      type,
      ...related,
    }
  );
}

export function printCandidate(candidate: Candidate): string {
  const { foundation, component, transport, priority, host, port, type } = candidate;
  const words = [foundation, component, transport, priority, host, port, "typ", type];
  if (candidate.relatedHost !== undefined) words.push("raddr", candidate.relatedHost);
  if (candidate.relatedPort !== undefined) words.push("rport", candidate.relatedPort);
  for (const [name, value] of candidate.extensions) words.push(name, value);
  return `a=candidate:${words.join(" ")}`;
}

type Related = Pick<Candidate, "relatedHost" | "relatedPort" | "extensions">;

function readRelated(words: readonly string[]): Related | undefined {
  const extensions: [string, string][] = [];
  let related: Omit<Related, "extensions"> = {};
  for (let i = 0; i < words.length; i += 2) {
    const name = words[i]!;
    const value = words[i + 1]!;
    if (name === "raddr") related = { ...related, relatedHost: value };
    else if (name === "rport") {
      const relatedPort = parsePort(value);
      if (relatedPort === undefined) return undefined;
      related = { ...related, relatedPort };
    } else extensions.push([name, value]);
  }
  return { ...related, extensions };
}
