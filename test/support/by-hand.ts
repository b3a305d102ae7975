import assert from "node:assert/strict";
import { type Instant, instant, seededRandom } from "#base";
import type { Fact } from "#facts";
import { Gateway } from "#gateway";
import type { MediaCommand } from "#media";
import type { Input, Order, Target } from "#port";
import { type Settings, validateSettings } from "#settings";
import { type Destination, type Flow, isStun, type Side, type Transport } from "#sip";
import {
  Headers,
  headerKey,
  type Message,
  parseMessageText,
  printMessage,
  Request,
  type Response,
  responseTo,
} from "#sip-message";
import { hash } from "./gateway-host.ts";
import { offerSdp } from "./peer-sdp.ts";

const ADDRESS = {
  public: { us: "192.0.2.1", them: "198.51.100.1", port: 5060 },
  private: { us: "10.77.0.1", them: "10.77.0.2", port: 5062 },
} as const;

/** One message that the gateway sent. */
export interface Sent {
  readonly to: Destination;
  readonly message: Message;
}

/** What a test may say of a message: headers by name, and a body with its type. */
export interface More {
  readonly headers?: Readonly<Record<string, string>>;
  readonly sdp?: string;
  readonly body?: readonly [type: string, text: string];
}

/** A dialog as a peer sees it: its own address first. */
export interface PeerDialog {
  readonly side: Side;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
}

export const sdpOf = (side: Side): string =>
  offerSdp({ address: ADDRESS[side].them, port: 30_000, version: 1, direction: "sendrecv" }, [
    "audio",
  ]);

/** What a test says of the site; the rest is usual. */
export interface SitePlan {
  readonly transport?: Transport;
  readonly trunk?: object;
  readonly settings?: object;
  /** Of the media plane's certificate: none by itself. */
  readonly fingerprint?: string;
}

/** A gateway between an operator and a PBX whose every message is the test's: races made by hand. */
export class ByHand {
  readonly gateway: Gateway;
  readonly settings: Settings;
  now: Instant = instant(1_700_000_000_000);
  /** What names resolve to, at once; an unknown one to nothing. */
  readonly names = new Map<string, readonly Target[]>();
  /** What the media plane was told, in order. */
  readonly mediaCommands: MediaCommand[] = [];
  /** What the gateway told of itself, in order. */
  readonly facts: Fact[] = [];
  /** The connections that it pinged, in order. */
  readonly pings: string[] = [];
  /** The STUN that it sent, in order. */
  readonly stun: { readonly to: Destination; readonly text: string }[] = [];
  readonly #transport: Transport;
  #branches = 0;

  constructor(site: SitePlan = {}) {
    const { transport = "udp", trunk, settings: more, fingerprint = "" } = site;
    this.#transport = transport;
    const { settings, errors } = validateSettings({
      securedInterface: transport === "tls" ? "yes" : "no",
      publicLocal: { address: ADDRESS.public.us },
      privateLocal: { address: ADDRESS.private.us },
      pbx: { host: ADDRESS.private.them, transport, optionsIntervalS: 0 },
      trunks: [
        {
          name: "op",
          peers: [
            { host: ADDRESS.public.them, transport },
            { host: "198.51.100.2", transport, priority: 1 },
          ],
          optionsIntervalS: 0,
          ...trunk,
        },
      ],
      ...more,
    });
    assert.ok(settings, JSON.stringify(errors));
    this.settings = settings;
    this.gateway = new Gateway({ settings, random: seededRandom(1), hash, fingerprint }, this.now);
    this.#drain();
  }

  /** One message of a peer; what the gateway sends for it, 100 left out. */
  take(side: Side, message: Message, from: Partial<Flow> = {}): Sent[] {
    const { us, them, port } = ADDRESS[side];
    const { transport = this.#transport, remotePort = 5060, remoteAddress = them } = from;
    const flow: Flow = {
      id: from.id ?? `${transport} ${side} ${remotePort}`,
      side,
      transport,
      localAddress: us,
      localPort: port,
      remoteAddress,
      remotePort,
    };
    this.gateway.handle({ kind: "received", flow, text: printMessage(message) }, this.now);
    return this.#drain();
  }

  /** Anything else that happens; what the gateway sends for it. */
  happen(input: Input): Sent[] {
    this.gateway.handle(input, this.now);
    return this.#drain();
  }

  /** What the operator of the gateway orders; what the gateway sends for it. */
  order(order: Order): Sent[] {
    this.gateway.handle({ kind: "order", order }, this.now);
    return this.#drain();
  }

  /** Lets time pass; what the gateway sends meanwhile. */
  wait(ms: number): Sent[] {
    const end = this.now + ms;
    const sent: Sent[] = [];
    for (;;) {
      const next = this.gateway.nextWake;
      if (next === undefined || next > end) break;
      this.now = next;
      this.gateway.handle({ kind: "wake" }, this.now);
      sent.push(...this.#drain());
    }
    this.now = instant(end);
    return sent;
  }

  /** One message could not be sent; what the gateway sends for that. */
  fail({ to, message }: Sent): Sent[] {
    const { branch } = message.via;
    assert.ok(branch !== undefined);
    this.gateway.handle({ kind: "send-failed", to, branch, why: "refused" }, this.now);
    return this.#drain();
  }

  /** The connection that took a message ends; what the gateway sends for that. */
  close({ to }: Sent): Sent[] {
    const { side, transport, address: remoteAddress, port: remotePort } = to;
    const { us: localAddress, port: localPort } = ADDRESS[side];
    const here = { side, transport, localAddress, localPort };
    const flow: Flow = { id: carrierOf(to), ...here, remoteAddress, remotePort };
    this.gateway.handle({ kind: "flow-closed", flow, why: "closed by the peer" }, this.now);
    return this.#drain();
  }

  /** A request of a peer that begins something. */
  begin(side: Side, method: string, more: More = {}): Request {
    const { us, them } = ADDRESS[side];
    const dialog = { side, callId: "call@peer", from: `<sip:4001@${them}>;tag=caller` };
    return this.inside({ ...dialog, to: `<sip:0123@${us}>` }, method, 1, more);
  }

  /** A request of a peer in a dialog. */
  inside(dialog: PeerDialog, method: string, cseq: number, more: More = {}): Request {
    const { us, them, port } = ADDRESS[dialog.side];
    const headers = new Headers();
    const way = this.#transport.toUpperCase();
    headers.add("via", `SIP/2.0/${way} ${them};branch=z9hG4bKhand${++this.#branches}`);
    headers.add("max-forwards", "70");
    headers.add("from", dialog.from);
    headers.add("to", dialog.to);
    headers.add("call-id", dialog.callId);
    headers.add("cseq", `${cseq} ${method}`);
    headers.add("contact", `<sip:peer@${them}:5060>`);
    return fill(new Request(method, `sip:0123@${us}:${port}`, headers), more);
  }

  /** What a peer answers to a request that the gateway sent it. */
  answer(sent: Sent, status: number, more: More & { tag?: string } = {}): Response {
    const { message, to } = sent;
    assert.ok(message.kind === "request");
    const response = responseTo(message, status, undefined, message.to.tag ?? more.tag ?? "callee");
    if (status < 300) response.headers.set("contact", `<sip:peer@${to.address}:5060>`);
    return fill(response, more);
  }

  /** A call of the operator to the PBX (or back) that is up; both ends' dialogs. */
  connected(
    from: Side = "public",
    answer: Readonly<Record<string, string>> = {},
  ): { caller: PeerDialog; callee: PeerDialog; ack: Request } {
    const other = from === "public" ? "private" : "public";
    const invite = this.begin(from, "INVITE", { sdp: sdpOf(from) });
    const asked = only(this.take(from, invite), "INVITE");
    const accepted = this.answer(asked, 200, { sdp: sdpOf(other), headers: answer });
    const answered = only(this.take(other, accepted), 200);
    const { caller, callee } = dialogsOf(from, invite, asked, answered.message);
    const ack = this.inside(caller, "ACK", 1);
    only(this.take(from, ack), "ACK");
    return { caller, callee, ack };
  }

  /** As sockets tell of connections. */
  #carried(to: Destination, branch: string | undefined): void {
    if (to.transport === "udp" || branch === undefined) return;
    this.gateway.handle({ kind: "sent", branch, flow: carrierOf(to) }, this.now);
  }

  #drain(): Sent[] {
    const effects = this.gateway.drain();
    for (const effect of effects) {
      if (effect.kind !== "resolve") continue;
      const targets = this.names.get(effect.name.host) ?? [];
      this.gateway.handle({ kind: "resolved", query: effect.query, targets }, this.now);
      effects.push(...this.gateway.drain());
    }
    return effects.flatMap((effect) => {
      if (effect.kind === "media") this.mediaCommands.push(effect.command);
      if (effect.kind === "fact") this.facts.push(effect.fact);
      if (effect.kind === "ping") this.pings.push(effect.flow);
      if (effect.kind === "send") this.#carried(effect.to, effect.branch);
      if (effect.kind === "send" && isStun(effect.text)) {
        this.stun.push(effect);
        return [];
      }
      if (effect.kind !== "send" || effect.text.startsWith("SIP/2.0 100 ")) return [];
      const message = parseMessageText(effect.text);
      assert.ok(message.kind !== "parse-failure", effect.text);
      return [{ to: effect.to, message }];
    });
  }
}

/** The connection that takes what goes there. */
const carrierOf = ({ flow, transport, address, port }: Destination): string =>
  flow ?? `${transport} ${address} ${port}`;

/** Both dialogs of a call, from what was asked and answered on either side. */
export function dialogsOf(
  from: Side,
  invite: Request,
  asked: Sent,
  answered: Message,
  tag = "callee",
): { caller: PeerDialog; callee: PeerDialog } {
  const { callId, headers } = asked.message;
  return {
    caller: {
      side: from,
      callId: invite.callId,
      from: invite.headers.get("from")!,
      to: answered.headers.get("to")!,
    },
    callee: {
      side: asked.to.side,
      callId,
      from: `${headers.get("to")!};tag=${tag}`,
      to: headers.get("from")!,
    },
  };
}

const lineOf = ({ message }: Sent): string | number =>
  message.kind === "request" ? message.method : message.status;

/** The only message of those that is such a request or status. */
export function only(sent: readonly Sent[], what: string | number): Sent {
  const found = sent.filter((one) => lineOf(one) === what);
  assert.equal(found.length, 1, `one ${what} among ${sent.map(lineOf).join(", ") || "nothing"}`);
  return found[0]!;
}

/** What was sent, in short. */
export const linesOf = (sent: readonly Sent[]): (string | number)[] => sent.map(lineOf);

function fill<M extends Message>(message: M, { headers = {}, sdp, body }: More): M {
  for (const [name, value] of Object.entries(headers)) message.headers.set(headerKey(name), value);
  const [type, text] = sdp === undefined ? (body ?? []) : ["application/sdp", sdp];
  if (type === undefined || text === undefined) return message;
  message.headers.set("content-type", type);
  message.body = text;
  return message;
}
