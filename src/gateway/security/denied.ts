import { type Cidr, type Instant, isAddress, parseCidr, printAddress, printCidr } from "#base";
import type { Settings } from "#settings";
import type { Side } from "#sip";
import { type DenyList, LISTS, type Rule } from "./evidence.ts";

/** What of a source is denied: an address or an IPv6 block, or one port of an address. */
export interface DeniedSource {
  readonly side: Side;
  /** Canonical: `192.0.2.1`, `2001:db8::1`, or a block as `2001:db8::/64`. */
  readonly address: string;
  /** Where others may stand behind the same address (NAT), or where nothing but one port was seen. */
  readonly port?: number;
}

/** One line of a deny list, as it is kept through restarts. */
export interface Denied extends DeniedSource {
  readonly version: 1;
  readonly list: DenyList;
  /** Unique in its list: the source in one text. */
  readonly id: string;
  /** The rule that denied it; the others that counted towards it are in `counts`. */
  readonly rule: Rule;
  readonly sinceMs: number;
  /** When it leaves; absent: never. */
  readonly untilMs?: number;
  /** How often each rule was broken before. */
  readonly counts: Partial<Readonly<Record<Rule, number>>>;
  /** First lines of what was seen, escaped. */
  readonly evidence: readonly string[];
  /** Written down while nothing was to be blocked: it blocks nothing. */
  readonly isDryRun: boolean;
}

export const DENIED_VERSION = 1;
/** First lines that one entry keeps. */
export const EVIDENCE_MAX = 5;

export const deniedId = ({ side, address, port }: DeniedSource): string =>
  port === undefined ? `${side} ${address}` : `${side} ${address} ${port}`;

export const blockText = (block: Cidr): string =>
  block.prefix === block.bytes.length * 8 ? printAddress(block.bytes) : printCidr(block);

type Period = Settings["security"]["denyPeriod"];

const PERIOD_S: Readonly<Record<Period, number>> = {
  "30s": 30,
  "5min": 300,
  "30min": 1800,
  "1h": 3600,
  "1day": 86_400,
  "1week": 604_800,
  forever: Number.POSITIVE_INFINITY,
};

/** When an entry of a list leaves; undefined: never. */
export function leavesAt(
  list: DenyList,
  { denyPeriod, bruteForce }: Settings["security"],
  now: Instant,
): number | undefined {
  const periodS = PERIOD_S[list === "dos" ? denyPeriod : bruteForce.denyPeriod];
  return Number.isFinite(periodS) ? now + periodS * 1000 : undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** What a file said of one; undefined for what is none, or another version's. */
export function deniedOf(value: unknown): Denied | undefined {
  if (!isRecord(value) || value.version !== DENIED_VERSION) return undefined;
  const { list, side, address, port, rule, sinceMs, untilMs, counts, evidence, isDryRun } = value;
  if (side !== "public" && side !== "private") return undefined;
  if (typeof rule !== "string" || !Object.hasOwn(LISTS, rule)) return undefined;
  if (list !== LISTS[rule as Rule] || typeof address !== "string") return undefined;
  const block = parseCidr(address);
  if (!block || blockText(block) !== address) return undefined;
  if (port !== undefined && !(isPort(port) && isAddress(address))) return undefined;
  if (typeof sinceMs !== "number" || typeof isDryRun !== "boolean") return undefined;
  if (untilMs !== undefined && typeof untilMs !== "number") return undefined;
  if (!isRecord(counts) || !Array.isArray(evidence)) return undefined;
  if (!Object.entries(counts).every(([name, count]) => isCount(name, count))) return undefined;
  if (!evidence.every((line) => typeof line === "string")) return undefined;
  const source = { side, address, ...(port === undefined ? {} : { port }) } as const;
  return {
    version: DENIED_VERSION,
    list: LISTS[rule as Rule],
    id: deniedId(source),
    ...source,
    rule: rule as Rule,
    sinceMs,
    ...(untilMs === undefined ? {} : { untilMs }),
    counts,
    evidence: evidence.slice(0, EVIDENCE_MAX),
    isDryRun,
  };
}

const isPort = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value > 0 && value <= 65_535;

const isCount = (name: string, count: unknown): boolean =>
  Object.hasOwn(LISTS, name) && typeof count === "number" && Number.isFinite(count);
