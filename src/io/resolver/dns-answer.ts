import type { DecodedPacket, Answer as DnsRecord } from "dns-packet";
import { canonicalAddress, isIpv6 } from "#base";
import type { Answer, DnsFailure, Question } from "./rfc3263.ts";

// What a DNS message says about one question, names lowered and without their final dot.

/** An answer, or the name that the server says to ask for instead. */
export type Reading = Answer | { readonly alias: string; readonly ttlS: number };

const NXDOMAIN = 3;
const ALIASES_MAX = 8;
const TTL_S_MAX = 86_400;
/** How long nothing stays nothing, where the server doesn't say, and at most (RFC 2308 §5). */
const NEGATIVE_S = 30;
const NEGATIVE_S_MAX = 300;

export const nothing = (failure: DnsFailure, ttlS: number): Answer => ({
  naptr: [],
  srv: [],
  addresses: [],
  ttlS,
  failure,
});

/** Reads a reply that is whole and without error, NXDOMAIN aside. */
export function readAnswer(packet: DecodedPacket, question: Question): Reading {
  const records = (packet.answers ?? []).slice(0, 256);
  let name = normal(question.name);
  let ttlS = TTL_S_MAX;
  for (let hops = 0; hops < ALIASES_MAX; hops++) {
    const found = records.filter(
      ({ type, name: owner }) => type === question.type && normal(owner) === name,
    );
    if (found.length > 0) return gathered(found, ttlS);
    const alias = records.find((each) => each.type === "CNAME" && normal(each.name) === name);
    if (alias?.type !== "CNAME" || typeof alias.data !== "string") break;
    name = normal(alias.data);
    ttlS = Math.min(ttlS, lifeOf(alias));
  }
  if (rcodeOf(packet) === NXDOMAIN) return nothing("no-such-name", negativeLife(packet));
  if (name !== normal(question.name)) return { alias: name, ttlS };
  return nothing("no-records", negativeLife(packet));
}

export const rcodeOf = (packet: DecodedPacket): number => (packet.flags ?? 0) & 0xf;

function gathered(records: readonly DnsRecord[], ttlS: number): Answer {
  const answer = {
    naptr: records.flatMap((each) => (each.type === "NAPTR" ? [naptrOf(each.data)] : [])),
    srv: records.flatMap((each) => (each.type === "SRV" ? [srvOf(each.data)] : [])),
    addresses: records.flatMap(addressOf),
    ttlS: Math.min(ttlS, ...records.map(lifeOf)),
  };
  const empty = answer.naptr.length + answer.srv.length + answer.addresses.length === 0;
  return empty ? nothing("no-records", NEGATIVE_S) : answer;
}

type DataOf<T extends DnsRecord["type"]> = Extract<DnsRecord, { type: T; data: unknown }>["data"];

const naptrOf = ({ order, preference, flags, services, replacement }: DataOf<"NAPTR">) => ({
  order,
  preference,
  flags,
  service: services,
  replacement: normal(replacement),
});

const srvOf = ({ priority = 0, weight = 0, port, target }: DataOf<"SRV">) => ({
  priority,
  weight,
  port,
  target: normal(target),
});

function addressOf(record: DnsRecord): string[] {
  if (record.type !== "A" && record.type !== "AAAA") return [];
  const address = canonicalAddress(record.data);
  // An IPv4 address dressed as IPv6 is none of the family that was asked for.
  return address !== undefined && isIpv6(address) === (record.type === "AAAA") ? [address] : [];
}

/** The SOA's own life and its minimum, whichever is shorter (RFC 2308 §5). */
function negativeLife(packet: DecodedPacket): number {
  const soa = (packet.authorities ?? []).find((each) => each.type === "SOA");
  if (soa?.type !== "SOA") return NEGATIVE_S;
  return Math.min(lifeOf(soa), soa.data.minimum ?? NEGATIVE_S, NEGATIVE_S_MAX);
}

const lifeOf = (record: DnsRecord): number =>
  "ttl" in record && record.ttl !== undefined ? Math.min(record.ttl, TTL_S_MAX) : 0;

const normal = (name: string): string => {
  const lower = name.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
};
