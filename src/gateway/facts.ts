import type { CallVoice, StreamCounters } from "#media";
import type { Denied, ForgivenWhy, Rule } from "#security";
import type { Side, Transport } from "#sip";
import type { EndName } from "./ends.ts";

/** One call, as it ended: the call detail record. */
export interface CallRecord {
  readonly callId: string;
  /** The side that the call came from. */
  readonly from: Side;
  readonly trunk?: string;
  readonly caller: string;
  readonly callee: string;
  readonly startedMs: number;
  readonly ringingMs?: number;
  readonly answeredMs?: number;
  readonly endedMs: number;
  readonly end: EndName;
  readonly status: number;
  /** Which side ended the call, absent when the gateway itself did. */
  readonly endedBy?: Side;
  /** What each leg's voice was like when the media plane told of it last; absent when it hasn't. */
  readonly voice?: CallVoice;
}

/** One of a trunk's flows to its operator (RFC 5626 §4.2.1). */
export interface OutboundFlow {
  readonly regId: number;
  /** The peer as the operator wrote it. */
  readonly peer: string;
}

/** What happened: all that logs, metrics, CDRs and the live view are made from. */
export type Fact =
  | {
      readonly kind: "call-started";
      readonly callId: string;
      readonly from: Side;
      readonly trunk?: string;
      readonly caller: string;
      readonly callee: string;
    }
  | { readonly kind: "call-ringing"; readonly callId: string }
  | { readonly kind: "call-answered"; readonly callId: string }
  | { readonly kind: "call-ended"; readonly record: CallRecord }
  /** A referrer's call is over for its peer, which is in another call now. */
  | { readonly kind: "transferred"; readonly callId: string; readonly into: string }
  | { readonly kind: "transfer-failed"; readonly callId: string; readonly status: number }
  | {
      readonly kind: "failover";
      readonly callId: string;
      readonly from: string;
      readonly to: string;
      readonly why: string;
    }
  | {
      readonly kind: "refused";
      readonly method: string;
      readonly side: Side;
      readonly source: string;
      readonly end: EndName;
    }
  | {
      readonly kind: "malformed";
      readonly side: Side;
      readonly transport: Transport;
      readonly source: string;
      readonly what: string;
    }
  | {
      /** Who is neither PBX nor trunk said something, and got no answer. */
      readonly kind: "stranger";
      readonly side: Side;
      readonly transport: Transport;
      readonly source: string;
      /** The method, or why it is no message. */
      readonly what: string;
      /** How many more there were that nothing told of. */
      readonly untold: number;
    }
  | {
      readonly kind: "peer-up" | "peer-down";
      readonly trunk: string;
      readonly peer: string;
      readonly why?: string;
    }
  | {
      /** A challenge was left alone: none of its realms is one of these credentials'. */
      readonly kind: "challenge-unanswered";
      readonly method: string;
      readonly user: string;
      readonly realm: string;
    }
  | {
      readonly kind: "trunk-registered";
      readonly trunk: string;
      readonly expiresS: number;
      readonly flow?: OutboundFlow;
    }
  | {
      readonly kind: "trunk-registration-failed";
      readonly trunk: string;
      readonly status?: number;
      readonly why: string;
      readonly flow?: OutboundFlow;
    }
  | {
      /** It carries no calls any more, and is formed anew (RFC 5626 §4.5). */
      readonly kind: "trunk-flow-lost";
      readonly trunk: string;
      readonly why: string;
      readonly flow: OutboundFlow;
    }
  | {
      readonly kind: "media-latched";
      readonly callId: string;
      readonly side: Side;
      readonly address: string;
      readonly port: number;
    }
  | {
      /** DTLS has made the keys of one leg, or there are none (any more): why. */
      readonly kind: "media-secured" | "media-unsecured";
      readonly callId: string;
      readonly side: Side;
      readonly what: string;
    }
  | {
      /** What one stream relayed in all, told when its ports are closed. */
      readonly kind: "media-relayed";
      readonly callId: string;
      readonly counters: StreamCounters;
    }
  | { readonly kind: "media-restarted"; readonly streams: number }
  /** At the start: calls that another process had go on; those that could not have ended already. */
  | { readonly kind: "calls-resumed"; readonly calls: number }
  | {
      /** A source came on to a deny list. */
      readonly kind: "source-denied";
      readonly denied: Denied;
      /** How many more did that nothing told of. */
      readonly untold: number;
    }
  | {
      /** A source has left its deny list. */
      readonly kind: "source-forgiven";
      readonly denied: Denied;
      /** What it sent in vain. */
      readonly dropped: number;
      /** The sockets have dropped more, which nobody counted. */
      readonly wasMuted: boolean;
      readonly why: ForgivenWhy;
      /** How many others left with it, or before it and untold. */
      readonly others: number;
    }
  | {
      /** Somebody whom we serve, and who is never denied, sent a call that is malicious. */
      readonly kind: "malicious-call";
      readonly method: string;
      readonly side: Side;
      readonly source: string;
      readonly rule: Rule;
      /** The header that told it, or "SDP" or "Request-URI". */
      readonly where: string;
      /** What stands there, escaped and short. */
      readonly excerpt: string;
      /** Told of and let pass in a dry run, or where the caller is hidden, as others are. */
      readonly outcome: "refused" | "dry-run" | "hidden-caller";
      /** How many more there were that nothing told of. */
      readonly untold: number;
    }
  | {
      /** All sources together send too much: only trusted ones are heard from now on. */
      readonly kind: "ddos-started";
      /** More than so many requests came in so long. */
      readonly requests: number;
      readonly windowS: number;
      /** Nothing is blocked. */
      readonly isDryRun: boolean;
    }
  | {
      readonly kind: "ddos-ended";
      readonly durationMs: number;
      /** Messages dropped unread, and messages of trusted sources that passed in that time. */
      readonly dropped: number;
      readonly passed: number;
    }
  | {
      /** A trunk was asked for a country for the first time (toll fraud). */
      readonly kind: "first-country";
      readonly callId: string;
      readonly trunk: string;
      /** By E.164; of the numbering zone 1 with the area of a country of its own (1876). */
      readonly country: string;
      readonly callee: string;
      readonly isRefused: boolean;
    }
  | { readonly kind: "settings-applied"; readonly changes: readonly string[] }
  | { readonly kind: "drain-started" | "drained"; readonly calls: number };
