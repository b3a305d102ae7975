import type { MediaCommand, MediaEvent } from "#media";
import type { Denied, DeniedSource, DenyList, Forgiven } from "#security";
import type { Settings } from "#settings";
import type { Destination, Flow, Side, Transport } from "#sip";
import type { Fact } from "./facts.ts";
import type { SavedCall } from "./saved-call.ts";

export * from "./saved-call.ts";

/** One place to send to, as name resolution (RFC 3263) orders them. */
export interface Target {
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
  readonly serverName?: string;
}

/** A name to resolve: `port` or `transport` given skip NAPTR and SRV (RFC 3263 §4). */
export interface NameQuery {
  /** The side that will send: its address family decides between A and AAAA. */
  readonly side: Side;
  readonly host: string;
  readonly port?: number;
  readonly transport?: Transport;
  readonly secure: boolean;
}

/** What an administrator, a signal or a file asks for. */
export type Order =
  | { readonly kind: "apply"; readonly settings: Settings }
  | { readonly kind: "hang-up"; readonly callId: string }
  /** New calls are refused; calls in progress go on ("wait") or get a BYE on both legs ("end"). */
  | { readonly kind: "drain"; readonly calls: "wait" | "end" }
  /** Removes lines of a deny list: who was denied is heard again. */
  | { readonly kind: "forgive"; readonly list: DenyList; readonly which: Forgiven };

/** A small record that outlives the process, by its name; no text is the end of it. */
export interface Remembered {
  readonly name: string;
  readonly text?: string;
}

/** Everything that can reach the gateway. */
export type Input =
  | { readonly kind: "received"; readonly flow: Flow; readonly text: string }
  /** A connection took a message that has a branch; of datagrams nobody tells. */
  | { readonly kind: "sent"; readonly branch: string; readonly flow: string }
  | { readonly kind: "flow-closed"; readonly flow: Flow; readonly why: string }
  /** A connection's ping was answered in time (RFC 5626 §4.4.1). */
  | { readonly kind: "pong"; readonly flow: Flow }
  /** A datagram that is STUN by its first byte, one character a byte: anybody may have sent it. */
  | { readonly kind: "stun"; readonly flow: Flow; readonly text: string }
  | {
      readonly kind: "send-failed";
      readonly to: Destination;
      readonly branch?: string;
      readonly why: string;
    }
  | { readonly kind: "resolved"; readonly query: string; readonly targets: readonly Target[] }
  | { readonly kind: "media"; readonly event: MediaEvent }
  | { readonly kind: "order"; readonly order: Order }
  /** At the start: a call that another process had, and the streams that the media plane still has. */
  | { readonly kind: "resume"; readonly call: SavedCall; readonly streams: ReadonlySet<string> }
  /** All of them have come: streams that are nobody's are closed. */
  | { readonly kind: "resumed"; readonly streams: ReadonlySet<string> }
  /** At the start: the lines of the deny lists that another process wrote down. */
  | { readonly kind: "denied"; readonly entries: readonly Denied[] }
  /** At the start: what another process remembered. */
  | { readonly kind: "remembered"; readonly records: readonly Remembered[] }
  | { readonly kind: "wake" };

/** Everything it can ask for. Effects are performed in their order. */
export type Effect =
  | {
      readonly kind: "send";
      readonly to: Destination;
      readonly text: string;
      readonly branch: string | undefined;
    }
  /** Ends a connection; of a datagram flow there is nothing to end. */
  | { readonly kind: "close-flow"; readonly flow: string; readonly why: string }
  /** Ends all connections whose source the gate doesn't admit any more. */
  | { readonly kind: "close-denied"; readonly why: string }
  /** Has the sockets drop the datagrams of these unread, and no others'. */
  | { readonly kind: "mute"; readonly sources: readonly DeniedSource[] }
  /** Has the sockets keep buffers for the datagrams of these that nobody else fills. */
  | { readonly kind: "trust"; readonly sources: readonly DeniedSource[] }
  /** Asks a connection's other end for a sign of life; without one in time the connection ends. */
  | { readonly kind: "ping"; readonly flow: string }
  | { readonly kind: "resolve"; readonly query: string; readonly name: NameQuery }
  | { readonly kind: "media"; readonly command: MediaCommand }
  | { readonly kind: "fact"; readonly fact: Fact }
  /** Writes a call down, in the place of what was written before: at once, since it goes on. */
  | { readonly kind: "keep"; readonly call: SavedCall }
  | { readonly kind: "forget"; readonly callId: string }
  /** Writes a line of a deny list down, in the place of what was written of it before. */
  | { readonly kind: "keep-denied"; readonly denied: Denied }
  | { readonly kind: "forget-denied"; readonly list: DenyList; readonly id: string }
  /** Writes a small record down, in the place of what was written by its name before. */
  | { readonly kind: "remember"; readonly record: Remembered };
