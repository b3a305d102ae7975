import type { Hash, Instant, Random, Timer } from "#base";
import type { End } from "#ends";
import type { KeyExchange, MediaFacts, PortPool } from "#media";
import type { Effect, NameQuery, Target } from "#port";
import type { Destination, DigestCredentials, Side, Transport } from "#sip";
import type { SipUri } from "#sip-message";
import type { Transactions } from "#sip-transactions";
import type { Leg } from "./legs.ts";

/** One of the gateway's two faces, as its peers see it. */
export interface Face {
  readonly side: Side;
  /** IP1 on the public side, IP3 on the private one: what stands in Via, Contact and SDP. */
  readonly advertised: string;
  /** The port that peers reach, by transport; absent: that transport is off. */
  readonly ports: Readonly<Partial<Record<Transport, number>>>;
}

/** Session timers towards one side (RFC 4028): the settings `sessionTimer`. */
export interface SessionTimerRule {
  readonly mode: "off" | "accept" | "require";
  readonly intervalS: number;
  /** Min-SE: a peer that asks for less is told so. */
  readonly minIntervalS: number;
}

/** What calls need of the settings, compiled once for each version of them. */
export interface CallSetup {
  readonly faces: Readonly<Record<Side, Face>>;
  readonly masked: boolean;
  /** By who is told: the other side's hosts, which texts may not name; with the flag g. */
  readonly hidden: Readonly<Record<Side, RegExp | undefined>>;
  /** What stands in User-Agent and Server. */
  readonly product: string;
  /** An unanswered call ends after this long. */
  readonly ringS: number;
  /** A peer that says nothing for this long loses the call to the next peer, if there is one. */
  readonly peerPatienceMs: number;
  /** Max-Forwards of what we begin (RFC 3261 §8.1.1.6). */
  readonly maxForwards: number;
  readonly media: MediaFacts;
  readonly timers: Readonly<Record<Side, SessionTimerRule>>;
  /** Calls outlive the process: they are written down. */
  readonly keepsCalls: boolean;
}

/** A user as it stands in a URI, as a peer is told it: a number by a trunk's rules. */
export type Renumber = (user: string) => string;

/** What one peer is not told as it came, beside what the mask's table keeps. */
export interface Withheld {
  /** Who calls, answers or forwarded, in the form that this peer has for numbers. */
  readonly renumber?: Renumber;
  /** Headers, in lower case. */
  readonly always: ReadonlySet<string>;
  /** All that is withheld where Privacy asks for "id" (RFC 3325 §9.3). */
  readonly onPrivacy: ReadonlySet<string>;
  /** Whom a call was meant for before is told only where no Privacy asks otherwise (RFC 7044 §10.1). */
  readonly hidesHistory: boolean;
}

/** One place that a request may go to, in the order of trial. */
export interface Candidate {
  /** For facts: the peer as the operator wrote it. */
  readonly name: string;
  readonly side: Side;
  readonly query: NameQuery;
  /** The host that stands in the Request-URI and To. */
  readonly uriHost: string;
  /** The port that belongs to that host; that of `query` is where it is reached. */
  readonly uriPort?: number;
  /** The called user, where a redirection names another than the one dialled. */
  readonly user?: string;
  /** The calling user and the host of From, where rules or a trunk's domain set them. */
  readonly fromUser?: string;
  readonly fromHost?: string;
  /** The user of our Contact, where the operator knows us by a registered one. */
  readonly contactUser?: string;
  readonly trunk?: string;
  /** The peer of a dialog, asked where that dialog's requests go; `query` is not asked then. */
  readonly peer?: {
    readonly uri: string;
    readonly routes: readonly string[];
    readonly to: Destination;
  };
  /** Absent: all that crosses does so towards this peer too. */
  readonly withheld?: Withheld;
  /** The registered flow by which it is reached (RFC 5626 §4.3); `query` is not asked then. */
  readonly flow?: Destination;
  /** Statuses that try the next peer. */
  readonly failoverStatuses: readonly number[];
  readonly redirects: "follow" | "pass";
  /** Whether a redirection may lead there; none may where it isn't said. */
  readonly mayLeadTo?: (address: string) => boolean;
  /** Why a call that a redirection leads to this user may not go there. */
  readonly redial?: (callId: string, user: string, now: Instant) => End | undefined;
  /** Why a redirection of this peer's, which is passed on, may not lead its caller there. */
  readonly mayForward?: (uri: SipUri, now: Instant) => End | undefined;
  /** Named by a redirection, not by the settings. */
  readonly isRedirected?: boolean;
  /** Answers a challenge of this peer, and of no other (attack case C1). */
  readonly credentials?: DigestCredentials;
}

/** Whether a call to these places goes by TLS, whichever of them takes it: it may carry keys then. */
export const reachedByTls = (candidates: readonly Candidate[]): boolean =>
  candidates.every(({ peer, query }) =>
    peer ? peer.to.transport === "tls" : query.secure || query.transport === "tls",
  );

/** How a trunk's leg is offered keys of media; trunks are on the public side alone. */
export const calleesExchange = (route: {
  readonly toward: Side;
  readonly keyExchange?: KeyExchange;
}): { readonly callee?: KeyExchange } =>
  route.toward === "public" && route.keyExchange ? { callee: route.keyExchange } : {};

/** Knows a dialog by its id, as one of its ends names it (Replaces, Refer-To). */
export interface DialogIds {
  across(callId: string, toTag: string, fromTag: string): OtherDialog | undefined;
}

/** A call by one of its dialogs: the leg that it names, and the one that it is joined to. */
export interface OtherDialog {
  readonly from: Leg;
  readonly to: Leg;
  /** Of the leg that it names. */
  readonly trunk: string | undefined;
  /** Of the other one. */
  readonly peersTrunk: string | undefined;
  /** Nobody has answered yet. */
  readonly isEarly: boolean;
  /** It has ended, and only its last words are awaited. */
  readonly isOver: boolean;
  /** Our INVITE began the dialog that it names, and not its peer's. */
  readonly isOurs: boolean;
}

/** Timers of calls: the call's own method is called back with `why`. */
export interface Wakeable {
  wake(why: string, now: Instant): void;
}

/** What a call may use of the machine around it. */
export interface Switchboard {
  readonly setup: CallSetup;
  readonly random: Random;
  readonly hash: Hash;
  readonly transactions: Transactions;
  readonly ports: PortPool;
  emit(effect: Effect): void;
  /** Calls `sleeper.wake(why)` once, unless cancelled. */
  alarm(at: number, sleeper: Wakeable, why: string): Timer<unknown>;
  cancelAlarm(alarm: Timer<unknown> | undefined): void;
  /** Asks for the addresses of a name; `take` is called once, at once for a numeric host. */
  resolve(
    name: NameQuery,
    take: (targets: readonly Target[], now: Instant) => void,
    now: Instant,
  ): void;
}

export const toDestination = (side: Side, target: Target): Destination => ({
  side,
  transport: target.transport,
  address: target.address,
  port: target.port,
  ...(target.serverName === undefined ? {} : { serverName: target.serverName }),
});
