import type { Instant } from "#base";
import type { EndName } from "#ends";
import {
  type Explanation,
  excerptOf,
  type Malice,
  type Refusals,
  type Rule,
  strangerEvidence,
  type Verdict,
} from "#security";
import type { Side } from "#sip";
import { type MessageLimits, parseMessageText } from "#sip-message";
import type { OperatorPolicy } from "./policy.ts";

/** Why an address is blocked, or its calls are refused, or neither. */
export interface SourceExplanation extends Explanation {
  /** Malicious calls of a source that is served, on each side that had any. */
  readonly refused: readonly Readonly<Refusals>[];
}

/** What would become of a request from somewhere. */
export interface RequestVerdict extends Omit<Verdict, "why"> {
  /** As the gate has it; or "stranger", who gets no answer; "malformed"; or "malicious". */
  readonly why: Verdict["why"] | "stranger" | "malformed" | "malicious";
  /** The rule that it breaks: evidence against a stranger; of who is served it passes in a dry run. */
  readonly broken?: {
    readonly rule: Rule;
    readonly excerpt: string;
    /** The header that tells it. */
    readonly where?: string;
  };
  /** What it would be refused with. */
  readonly end?: EndName;
}

/** What is asked for a verdict. */
interface Asked {
  readonly policy: OperatorPolicy;
  readonly malice: Malice;
  readonly limits: MessageLimits;
  readonly from: { readonly side: Side; readonly address: string; readonly port: number };
}

/** What would become of a request that the gate lets in; nothing is counted. */
export function verdictOn(
  verdict: Verdict,
  text: string,
  { policy, malice, limits, from }: Asked,
  now: Instant,
): RequestVerdict {
  if (!verdict.passes) return verdict;
  const { side, address: remoteAddress, port: remotePort } = from;
  const local = { localAddress: "", localPort: 0, transport: "udp" as const };
  const flow = { id: "", side, ...local, remoteAddress, remotePort };
  const message = parseMessageText(text, limits);
  const { denied } = verdict;
  const known = denied ? { denied } : {};
  if (!policy.origin(flow)) {
    const evidence =
      message.kind === "response"
        ? undefined
        : strangerEvidence(message, text, flow, malice.places);
    const broken = evidence && { rule: evidence.rule, excerpt: evidence.excerpt };
    return { ...known, passes: false, why: "stranger", ...(broken && { broken }) };
  }
  if (message.kind === "parse-failure") {
    const broken = { rule: "malformed", excerpt: excerptOf(text) } as const;
    return { ...known, passes: false, why: "malformed", broken, end: "bad-request" };
  }
  const isNew = message.kind === "request" && message.to.tag === undefined;
  const found = isNew ? policy.maliceIn(message, flow, now) : undefined;
  if (!found) return verdict;
  const { rule, where, excerpt, isRefused } = found;
  const refused = isRefused ? ({ end: "malicious" } as const) : {};
  const broken = { rule, where, excerpt };
  return { ...known, passes: !isRefused, why: "malicious", broken, ...refused };
}
