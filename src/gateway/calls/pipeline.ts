import type { Instant } from "#base";
import { type End, end, isEnd } from "#ends";
import { CallMedia, type KeyExchange } from "#media";
import type { ReferRules } from "#port";
import type { DigestCredentials, Flow, Side } from "#sip";
import { hasOptionTag, type Request, type SipUri } from "#sip-message";
import type { ServerTransaction } from "#sip-transactions";
import { AskingPeer } from "./asker.ts";
import { bodyRefusal } from "./body-rules.ts";
import type { Call } from "./call.ts";
import type { Calls } from "./calls.ts";
import { EXTENSIONS } from "./crossing.ts";
import { type Replaced, replacedBy } from "./dialog-ids.ts";
import type { Leg } from "./legs.ts";
import type { Newcomer } from "./newcomer.ts";
import { Pickup } from "./pickup.ts";
import { performAll, sdpOf } from "./session-body.ts";
import { timerRefusal } from "./session-expires.ts";
import {
  type CallSetup,
  type Candidate,
  calleesExchange,
  reachedByTls,
  type Switchboard,
  type Withheld,
} from "./setup.ts";
import { Takeover } from "./takeover.ts";

/** Who a request comes from, as its source address tells. */
export interface Origin {
  readonly kind: "pbx" | "trunk";
  /** The trunk's name. */
  readonly trunk?: string;
  readonly credentials?: DigestCredentials;
  /** What it is not told. */
  readonly withheld?: Withheld;
  /** How its trunk is offered keys of media, where that isn't its side's way. */
  readonly keyExchange?: KeyExchange;
}

/** Where a call goes, and as what numbers. */
export interface Route {
  readonly candidates: readonly Candidate[];
  readonly caller: string;
  readonly callee: string;
  /** The called number before rules. */
  readonly dialled: string;
  readonly toward: Side;
  /** The trunk that the call uses, on whichever side. */
  readonly trunk: string | undefined;
  /** What the caller is told otherwise of this trunk, where that isn't the origin's. */
  readonly callerTold?: Withheld;
  /** How that trunk is offered keys of media, where that isn't its side's way. */
  readonly keyExchange?: KeyExchange;
  readonly referRules: ReferRules;
}

/** What is known of a call that another process admitted. */
export interface Readmitted extends Pick<Route, "trunk" | "toward" | "callee"> {}

/** What became of a call, for who wonders whether anybody has the number. */
export interface CallOutcome {
  /** The status that the called side refused it with, if it did. */
  readonly refused: number | undefined;
  /** It rang, or was answered. */
  readonly hasRung: boolean;
}

/** What the pipeline asks of the rest of the gateway: the operator's policy. */
export interface Policy {
  origin(flow: Flow): Origin | undefined;
  route(request: Request, origin: Origin, now: Instant): Route | End;
  /** Where an INVITE goes that replaces a dialog: to whom that dialog's call joins. */
  replacing(request: Request, replaced: Replaced): Route | End;
  /** Where a transfer leads: `by` is the side that asked for it, `trunk` that of its call. */
  referred(invite: Request, by: Side, trunk: string | undefined): Route | End;
  /**
   * Counts the call in, or says why not; `release` counts it out. `replaces`: the call whose peer it
   * goes to.
   */
  admit(callId: string, route: Route, now: Instant, replaces?: string): End | undefined;
  release(callId: string, now: Instant): void;
  /** Why a request that begins something is refused though its source is served. */
  malicious(request: Request, flow: Flow, route: Route, now: Instant): End | undefined;
  /** A description was refused because of where it has media sent. */
  smuggled(request: Request, flow: Flow, why: End, now: Instant): void;
  /** The call has ended, once. */
  ended(callId: string, outcome: CallOutcome, now: Instant): void;
  /** The call talks since then. Returns when to ask `overdue`; undefined: never. */
  answered(callId: string, sinceMs: Instant, now: Instant): number | undefined;
  /** Why the call must end now, or when to ask again. */
  overdue(callId: string, now: Instant): End | number | undefined;
  /** Why a trunk's operator may not be asked to call a URI in our stead. */
  mayRefer(trunk: string | undefined, uri: SipUri, now: Instant): End | undefined;
  /** Counts a call in that was admitted before the process began. */
  readmit(callId: string, call: Readmitted, now: Instant): void;
  /** What a trunk's settings say of a peer: the operator's on the public side, else the PBX. */
  peerOf(side: Side, trunk: string | undefined): Pick<Leg, "credentials" | "withheld">;
  readonly draining: boolean;
}

/** A call in the making: each step finds what it needs, and adds what it finds. */
export interface Attempt {
  readonly id: string;
  readonly transaction: ServerTransaction;
  readonly request: Request;
  readonly flow: Flow;
  readonly side: Side;
  readonly now: Instant;
  origin?: Origin;
  route?: Route;
  /** The dialog that it takes the place of (RFC 3891). */
  replaced?: Replaced | undefined;
  media?: CallMedia;
  offer?: string | undefined;
}

export interface Surroundings {
  readonly board: Switchboard;
  readonly calls: Calls;
  readonly policy: Policy;
}

/** "taken": it is part of a call that there is already. */
type Step = (attempt: Attempt, around: Surroundings) => End | "taken" | undefined;

/** The way of an INVITE that begins a call. The order is the security policy: cheap checks first. */
const STEPS: readonly Step[] = [
  recognise,
  screen,
  replace,
  route,
  suspect,
  join,
  admit,
  negotiate,
  dial,
];

/** Takes an attempt through all steps; the first end is the call's. */
export function attempt(call: Attempt, around: Surroundings): End | undefined {
  for (const step of STEPS) {
    const found = step(call, around);
    if (found) return found === "taken" ? undefined : found;
  }
  return undefined;
}

/** Neither PBX nor trunk: nobody that this gateway serves. */
function recognise(call: Attempt, { policy }: Surroundings): End | undefined {
  const origin = policy.origin(call.flow);
  if (!origin) return end("unknown-source");
  call.origin = origin;
  return policy.draining ? end("draining", { retryAfterS: 5 }) : undefined;
}

function screen({ request, flow, side }: Attempt, { board }: Surroundings): End | undefined {
  return (
    screenRequest(request, flow, board.setup) ?? timerRefusal(board.setup.timers[side], request)
  );
}

/** What any request must satisfy to be carried across (RFC 3261 §16.3). */
export function screenRequest(request: Request, flow: Flow, setup: CallSetup): End | undefined {
  const hops = request.headers.get("max-forwards");
  if (hops !== undefined && Number(hops) === 0) return end("too-many-hops");
  return screenContent(request, flow, setup);
}

/** What any request must satisfy to be answered with more than a refusal (RFC 3261 §8.2). */
export function screenContent(request: Request, flow: Flow, setup: CallSetup): End | undefined {
  const uri = request.target;
  if (!uri || (uri.scheme !== "sip" && uri.scheme !== "sips" && uri.scheme !== "tel")) {
    return end("unsupported-scheme");
  }
  if (uri.scheme === "sips" && flow.transport !== "tls") {
    return end("sips-not-secured", { warnCode: 380 });
  }
  const unknown = request.headers
    .list("require")
    .filter((tag) => !EXTENSIONS.has(tag.toLowerCase()));
  if (unknown.length > 0) return end("bad-extension", { unsupported: unknown.join(", ") });
  return bodyRefusal(setup, request);
}

/** RFC 3891 §3: a dialog that isn't there can't be replaced, nor can two at once. */
function replace(call: Attempt, { calls }: Surroundings): End | undefined {
  const values = call.request.headers.all("replaces");
  if (values.length === 0) return undefined;
  if (values.length > 1) return end("bad-request");
  const by = { side: call.side, trunk: call.origin!.trunk };
  const replaced = replacedBy(calls, values[0]!, by);
  if (isEnd(replaced)) return replaced;
  call.replaced = replaced;
  return undefined;
}

function route(call: Attempt, { policy }: Surroundings): End | undefined {
  const { request, replaced } = call;
  const found = replaced
    ? policy.replacing(request, replaced)
    : policy.route(request, call.origin!, call.now);
  if (isEnd(found)) return found;
  call.route = found;
  return found.candidates.length > 0 ? undefined : end("no-route");
}

/**
 * What replaces a dialog is joined with the other peer by ourselves where that one knows no Replaces
 * (RFC 3891 §4), or has its transfers performed by us.
 */
function join(attempt: Attempt, around: Surroundings): End | "taken" | undefined {
  const { replaced, transaction, request, flow, side, origin } = attempt;
  if (!replaced) return undefined;
  const call = around.calls.withTag(replaced.named.dialog.localTag)!;
  const { trunk } = call.termsOf(replaced.isEarly ? "callee" : call.roleOf(replaced.named));
  const asker = {
    invite: transaction,
    request,
    flow,
    ...around.policy.peerOf(side, trunk),
  };
  const { keyExchange } = origin!;
  const by = { asker, ...(keyExchange && { keyExchange }) };
  const { board } = around;
  return replaced.isEarly
    ? pickUp(board, call, by, attempt.now)
    : takeOver(board, { call, replaced }, by, attempt.now);
}

/** A call that is answered. */
function takeOver(
  board: Switchboard,
  { call, replaced }: { readonly call: Call; readonly replaced: Replaced },
  by: Newcomer,
  now: Instant,
): End | "taken" | undefined {
  const role = call.roleOf(replaced.named);
  const isPassed = call.termsOf(role).referRule !== "perform";
  if (replaced.peer.knowsReplaces && isPassed) return undefined;
  // Whose dialog it is has left it already.
  if (call.absent === role) return end("no-dialog");
  return Takeover.begin(board, { call, role }, by, now) ?? "taken";
}

/** A call that rings. */
function pickUp(
  board: Switchboard,
  ringing: Call,
  by: Newcomer,
  now: Instant,
): End | "taken" | undefined {
  if (ringing.renegotiation && ringing.transfer) return end("answered-already");
  const asked = ringing.asker!.request.headers;
  const { referRule } = ringing.termsOf("callee");
  // A transferee has a dialog of another call, which is not what rings.
  const isKnown = !ringing.absent && hasOptionTag(asked, "supported", "replaces");
  if (isKnown && referRule !== "perform") return undefined;
  return Pickup.begin(board, ringing, by, now) ?? "taken";
}

/** Whom we serve isn't denied for what it sends, and what is malicious goes nowhere. */
function suspect({ request, flow, route, now }: Attempt, { policy }: Surroundings) {
  return policy.malicious(request, flow, route!, now);
}

function admit(call: Attempt, { calls, policy }: Surroundings): End | undefined {
  const { replaced } = call;
  const replaces = replaced && calls.withTag(replaced.named.dialog.localTag)?.id;
  return policy.admit(call.id, call.route!, call.now, replaces);
}

/** Media of its own for each call; the offer is rewritten before it goes anywhere. */
function negotiate(call: Attempt, { board }: Surroundings): End | undefined {
  const { candidates } = call.route!;
  const sides = { caller: call.side, callee: call.route!.toward };
  const tls = { caller: call.flow.transport === "tls", callee: reachedByTls(candidates) };
  const { keyExchange } = call.origin!;
  const callers = keyExchange ? { caller: keyExchange } : {};
  const exchange = { ...callers, ...calleesExchange(call.route!) };
  call.media = CallMedia.begin(call.id, { sides, tls, exchange }, board.setup.media, board.ports);
  const sdp = sdpOf(call.request);
  if (sdp === undefined) return undefined;
  const relayed = performAll(board, call.media.relayOffer(sdp, "caller", call.now));
  if (isEnd(relayed)) return relayed;
  call.offer = relayed.sdp;
  return undefined;
}

function dial(call: Attempt, { board, calls }: Surroundings): End | undefined {
  const { id, request, flow, route, origin } = call;
  const asker = new AskingPeer(board, {
    invite: call.transaction,
    request,
    flow,
    credentials: origin!.credentials,
    withheld: origin!.withheld ?? route!.callerTold,
  });
  const { candidates, caller, callee, trunk, referRules } = route!;
  const facts = { caller, callee, trunk, referRules };
  const { media, offer, replaced } = call;
  const replaces = replaced?.replaces;
  const from = call.side;
  calls.open({ id, from, asker, media: media!, offer, candidates, replaces, ...facts }, call.now);
  return undefined;
}
