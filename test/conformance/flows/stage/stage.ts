import assert from "node:assert/strict";
import { type Instant, instant } from "#base";
import type { Gateway } from "#gateway";
import { NOTHING_COUNTED, type Stream } from "#media";
import type { Effect } from "#port";
import type { Destination, Flow } from "#sip";
import {
  headerKey,
  type Message,
  parseMessageText,
  printMessage,
  type Request,
  type Response,
} from "#sip-message";
import { printDescription } from "./description.ts";
import { checkAnswered, checkAsked, checkBody } from "./heard.ts";
import {
  type LegName,
  type MessageStep,
  PEERS,
  type PeerName,
  parseLegName,
  type Step,
} from "./ladder.ts";
import { type Dialog, Leg } from "./leg.ts";
import { checkMedia, checkPorts, type MediaEnd } from "./media-check.ts";
import { gatewayOf, type Site } from "./site.ts";
import { checkSoundness, GATEWAY, leaks } from "./soundness.ts";
import { matchValue, substitute } from "./value.ts";

interface Sent {
  readonly to: Destination;
  readonly message: Message;
}

/** Long enough for every transaction to end (RFC 3261 §17: 64*T1). */
const AFTERMATH_MS = 70_000;

/** Peers whose every message is written down, and the gateway between them, in virtual time. */
export class Stage {
  readonly gateway: Gateway;
  readonly streams = new Map<string, Stream>();
  readonly #site: Site;
  #now: Instant = instant(1_700_000_000_000);
  readonly #legs = new Map<string, Leg>();
  readonly #waiting: Record<PeerName, Sent[]> = { op: [], op2: [], pbx: [] };
  /** 100s: they mean nothing to a flow that doesn't ask for them. */
  readonly #trying: Record<PeerName, Sent[]> = { op: [], op2: [], pbx: [] };
  readonly #heard = new Set<string>();
  readonly #unreachable = new Set<string>();
  readonly #values = new Map<string, string>();
  readonly #facts = new Set<string>();
  #serial = 0;
  #records = 0;
  #started = 0;

  constructor(site: Site = {}) {
    this.#site = site;
    this.gateway = gatewayOf(site, this.#now);
    this.#perform();
  }

  play(steps: readonly Step[]): void {
    for (const step of steps) {
      try {
        if (step.kind === "order") this.#order(step.word, step.args);
        else if (step.sends) this.#say(step);
        else this.#hear(step);
      } catch (thrown) {
        const { message } = thrown as Error;
        throw new Error(`${step.line}\n  ${message}\n  waiting: ${this.#outstanding()}`);
      }
    }
    this.#checkAftermath();
  }

  // ── Orders ───────────────────────────────────────────────────────────────────────────────

  #order(word: string, args: readonly string[]): void {
    const [first = "", second = ""] = args;
    switch (word) {
      case "wait":
        return this.#wait(Number(first));
      case "within":
        return this.#wait(Number(first), () => this.#outstanding() !== "");
      case "media":
        return checkMedia(
          args.map((name) => this.#end(name)),
          [...this.streams.values()],
        );
      case "streams":
        return assert.equal(this.streams.size, Number(first), "streams open");
      case "opaque": {
        const opaque = [...this.streams.values()].filter(({ kind }) => kind === "opaque");
        return assert.equal(opaque.length, Number(first), "opaque streams");
      }
      case "calls":
        return assert.equal(this.gateway.callCount, Number(first), "calls");
      case "ports":
        return checkPorts(this.#end(first).dialog, second);
      case "fact":
        return assert.ok(this.#facts.has(first), `the fact ${first}`);
      case "quiet":
        return assert.equal(this.#outstanding(), "", "nothing more was said");
      case "unreachable":
        this.#unreachable.add(PEERS[first as PeerName].address);
        return;
      case "stop":
        this.gateway.handle({ kind: "order", order: { kind: "drain", calls: "wait" } }, this.#now);
        return this.#perform();
      default:
        throw new Error(`no such order: ${word}`);
    }
  }

  /** Lets that time go by, or less where something is said that a peer may want to answer. */
  #wait(ms: number, isEnough: () => boolean = () => false): void {
    const end = this.#now + ms;
    while (!isEnough()) {
      const next = this.gateway.nextWake;
      if (next === undefined || next > end) break;
      this.#now = instant(Math.max(next, this.#now));
      this.gateway.handle({ kind: "wake" }, this.#now);
      this.#perform();
    }
    if (!isEnough()) this.#now = instant(end);
  }

  /** Afterwards nothing is left, and nothing unexpected was said. */
  #checkAftermath(): void {
    assert.equal(this.#outstanding(), "", "nothing more was said");
    this.#wait(AFTERMATH_MS);
    assert.equal(this.#outstanding(), "", "nothing is said afterwards");
    const { callCount, portsHeld } = this.gateway;
    assert.deepEqual(
      { callCount, portsHeld, streams: this.streams.size },
      { callCount: 0, portsHeld: 0, streams: 0 },
    );
    assert.equal(this.#records, this.#started, "each call has one record");
  }

  #end(name: string): MediaEnd {
    const { peer, call, fork } = parseLegName(name);
    return { name, peer, dialog: this.#leg({ peer, call, fork }).dialog(fork) };
  }

  #outstanding(): string {
    return Object.entries(this.#waiting)
      .flatMap(([peer, sent]) => sent.map(({ message }) => `${peer} < ${nameOf(message)}`))
      .join(", ");
  }

  // ── What peers say ───────────────────────────────────────────────────────────────────────

  #say(step: MessageStep): void {
    const leg = this.#leg(step.leg);
    const { fork } = step.leg;
    const status = Number(step.what);
    const message = Number.isNaN(status)
      ? this.#request(leg, step)
      : leg.answer(status, step.method, fork);
    const dialog = leg.dialog(fork);
    if (message.kind === "response") this.#identify(message, leg, dialog);
    message.headers.set(
      message.kind === "request" ? "user-agent" : "server",
      `${leg.peer}-product/1.0`,
    );
    this.#fill(message, step, leg, dialog);
    this.#note(message, dialog);
    this.#name(leg, dialog);
    if (message.kind === "request") this.#remember(leg, message);
    this.#deliver(leg, message);
  }

  #request(leg: Leg, { what, leg: { fork }, method: user }: MessageStep): Request {
    if (what === "CANCEL" && leg.callId !== "") return leg.cancel();
    if (leg.callId !== "") return leg.inside(what, fork);
    const callId = `${1000 + ++this.#serial}-${leg.peer}-secret@${leg.address}`;
    return leg.begin(what, user ?? "0123", callId);
  }

  /** A leg's ids for later fields: {pbx_id}, {pbx_local}, {op_2_remote}. */
  #name({ peer, name, callId }: Leg, { localTag, remoteTag }: Dialog): void {
    const key = name.call === "" ? peer : `${peer}_${name.call}`;
    this.#values.set(`${key}_id`, callId);
    if (localTag !== undefined) this.#values.set(`${key}_local`, localTag);
    if (remoteTag !== undefined) this.#values.set(`${key}_remote`, remoteTag);
  }

  #identify(response: Response, { peer }: Leg, { contact }: Dialog): void {
    const { status, cseq } = response;
    if (status > 100 && status < 300 && cseq.method !== "BYE") {
      response.headers.set("contact", contact);
    }
    if (peer === "pbx" && status >= 500) response.headers.set("warning", '399 pbx.lan "oh"');
  }

  #fill(message: Message, step: MessageStep, { peer, address }: Leg, dialog: Dialog): void {
    for (const [name, value] of step.fields) {
      const given = substitute(value, this.#values);
      if (name === "body") {
        const space = given.indexOf(" ");
        message.headers.set("content-type", given.slice(0, space));
        message.body = given.slice(space + 1).replaceAll("\\r\\n", "\r\n");
      } else message.headers.set(headerKey(name), given);
    }
    if (step.sdp === undefined) return;
    message.headers.set("content-type", "application/sdp");
    dialog.version++;
    message.body = printDescription(step.sdp, { name: peer, address, version: dialog.version });
    dialog.saidBefore = dialog.said;
    dialog.said = message.body;
  }

  /** What the gateway has to know from now on: where to send, and by which route. */
  #note(message: Message, dialog: Dialog): void {
    const contact = message.headers.get("contact");
    const isTarget = message.kind === "request" || message.status < 300;
    if (contact !== undefined && isTarget) dialog.contact = contact;
    const routes = message.headers.list("record-route");
    if (routes.length === 0) return;
    dialog.routes = message.kind === "request" ? routes : routes.toReversed();
  }

  #remember(leg: Leg, request: Request): void {
    if (request.method === "ACK") return;
    leg.sent.set(request.method, request);
    leg.lastSent = request;
    if (request.method === "INVITE") leg.refused = undefined;
  }

  #deliver(leg: Leg, message: Message): void {
    const { side } = PEERS[leg.peer];
    const { address, port } = GATEWAY[side];
    const transport = this.#site.transport ?? "udp";
    const flow: Flow = {
      id: `${transport} ${leg.peer}`,
      side,
      transport,
      localAddress: address,
      localPort: port,
      remoteAddress: leg.address,
      remotePort: 5060,
    };
    this.gateway.handle({ kind: "received", flow, text: printMessage(message) }, this.#now);
    this.#perform();
  }

  // ── What peers hear ──────────────────────────────────────────────────────────────────────

  #hear(step: MessageStep): void {
    const { fork } = step.leg;
    const leg = this.#leg(step.leg);
    const { message, to } = this.#take(leg, step.what === "100" ? this.#trying : this.#waiting);
    assert.equal(nameOf(message).split(" ")[0], step.what);
    if (message.kind === "request") checkAsked(leg, message, to, fork);
    else checkAnswered(leg, message, step);
    const dialog = leg.bound(fork, tagOf(message));
    if (tagOf(message) !== undefined && message.kind === "response" && message.status < 300) {
      assert.equal(tagOf(message), dialog.remoteTag, "the gateway's tag stays in a dialog");
    }
    checkBody(message, dialog, step, this.#values);
    this.#name(leg, dialog);
    for (const [name, value] of step.fields) {
      if (name !== "body")
        matchValue(name, message.headers.list(headerKey(name)).join(", "), value, this.#values);
    }
  }

  /** The first message that waits for this call, or begins it. */
  #take(leg: Leg, sent: Record<PeerName, Sent[]>): Sent {
    const waiting = sent[leg.peer];
    const isOurs = ({ message }: Sent): boolean =>
      leg.callId === "" ? !this.#isKnown(leg.peer, message) : message.callId === leg.callId;
    const at = waiting.findIndex(isOurs);
    assert.ok(at >= 0, "nothing came");
    return waiting.splice(at, 1)[0]!;
  }

  #isKnown(peer: PeerName, { callId }: Message): boolean {
    return [...this.#legs.values()].some((leg) => leg.peer === peer && leg.callId === callId);
  }

  // ── The world ────────────────────────────────────────────────────────────────────────────

  #leg(name: LegName): Leg {
    const key = `${name.peer}/${name.call}`;
    const known = this.#legs.get(key);
    if (known) return known;
    const { side } = PEERS[name.peer];
    const leg = new Leg(name, {
      gateway: `${GATEWAY[side].address}:${GATEWAY[side].port}`,
      transport: (this.#site.transport ?? "udp").toUpperCase(),
      branch: () => `z9hG4bKflow${++this.#serial}`,
    });
    this.#legs.set(key, leg);
    return leg;
  }

  #perform(): void {
    for (let effects = this.gateway.drain(); effects.length > 0; effects = this.gateway.drain()) {
      for (const effect of effects) this.#one(effect);
    }
  }

  #one(effect: Effect): void {
    switch (effect.kind) {
      case "send":
        return this.#sent(effect);
      case "resolve":
        return this.gateway.handle(
          { kind: "resolved", query: effect.query, targets: [] },
          this.#now,
        );
      case "media":
        return this.#media(effect);
      case "fact":
        this.#facts.add(effect.fact.kind);
        if (effect.fact.kind === "call-started") this.#started++;
        if (effect.fact.kind === "call-ended") this.#records++;
    }
  }

  #sent({ to, text, branch }: Effect & { kind: "send" }): void {
    if (this.#unreachable.has(to.address)) {
      const why = "connection refused";
      const named = branch === undefined ? {} : { branch };
      return this.gateway.handle({ kind: "send-failed", to, why, ...named }, this.#now);
    }
    if (this.#heard.has(`${to.address} ${text}`)) return;
    this.#heard.add(`${to.address} ${text}`);
    const message = parseMessageText(text);
    assert.ok(message.kind !== "parse-failure", text);
    checkSoundness(message, text, to.side);
    if (this.#site.masked !== false) assert.deepEqual(leaks(text, to.side), []);
    const entry = Object.entries(PEERS).find(([, { address }]) => address === to.address);
    const peer = (entry?.[0] as PeerName | undefined) ?? this.#site.also?.[to.address];
    assert.ok(peer, `somebody else is told: ${to.address} ${text}`);
    const isTrying = message.kind === "response" && message.status === 100;
    (isTrying ? this.#trying : this.#waiting)[peer].push({ to, message });
  }

  #media({ command }: Effect & { kind: "media" }): void {
    if (command.kind === "stream") {
      this.streams.set(command.stream.id, command.stream);
      return;
    }
    if (command.kind !== "close" || !this.streams.delete(command.id)) return;
    const zero = NOTHING_COUNTED;
    const counters = { id: command.id, ends: { caller: zero, callee: zero } };
    this.gateway.handle({ kind: "media", event: { kind: "closed", counters } }, this.#now);
  }
}

const nameOf = (message: Message): string =>
  message.kind === "request" ? message.method : `${message.status} ${message.cseq.method}`;

/** The gateway's tag. */
const tagOf = (message: Message): string | undefined =>
  message.kind === "request" ? message.from.tag : message.to.tag;
