import { decodeUtf8, type Instant, type Timer } from "#base";
import { type Candidate, contactOf, type Switchboard, type Wakeable } from "#calls";
import { type End, isEnd } from "#ends";
import type { OutboundFlow } from "#facts";
import {
  newRegistration,
  peersToTry,
  type Recovery,
  type Registration,
  type RegistrationAction,
  type RegistrationEvent,
  stepRegistration,
} from "#routing";
import type { Trunk, TrunkPeer } from "#settings";
import type { Destination } from "#sip";
import {
  Headers,
  parseCredentials,
  parseSeconds,
  parseUri,
  Request,
  type Response,
  unquote,
} from "#sip-message";
import { Errand, type Outcome, type Sender, type Sent } from "./errand.ts";
import { FlowKeepAlive, type FlowKeeper } from "./flow-keep-alive.ts";
import type { FlowTable } from "./flow-table.ts";
import type { PeerStates } from "./policy.ts";
import { credentialsOf, trunkCandidate } from "./trunk-candidate.ts";
import { TrunkRealms } from "./trunk-realms.ts";

export interface Around {
  readonly board: Switchboard;
  readonly peers: PeerStates;
  readonly realms: TrunkRealms;
  readonly carried: FlowTable<TrunkRegistration>;
  /** The URN of this gateway, as one trunk's operator knows it. */
  readonly instanceOf: (trunk: Trunk) => string;
}

/** What a registration knows of its trunk and of the others of that. */
export interface Flows {
  readonly trunk: Trunk;
  /** It has no others. */
  readonly isAlone: boolean;
  /** The operator granted a flow: it may have others. */
  formed(now: Instant): void;
  recoveryOf(one: TrunkRegistration): Recovery;
  removed(now: Instant): void;
}

/** RFC 5626 §11.5, §11.6: what an edge proxy says where it can't keep a flow. */
const FLOW_FAILED = 430;
const NO_OUTBOUND = 439;
const INTERVAL_TOO_BRIEF = 423;

/** One registration of a trunk: with its peers, one after another, or by one flow to one of them. */
export class TrunkRegistration implements FlowKeeper, Wakeable {
  readonly #flows: Flows;
  readonly #board: Switchboard;
  readonly #around: Around;
  readonly #callId: string;
  readonly #tag: string;
  #state: Registration;
  #cseq = 0;
  #errand: Errand | undefined;
  /** The peer that granted last: a binding is removed where it is. */
  #home: string | undefined;
  #alarm: Timer<unknown> | undefined;
  /** The peer whose flow this is; undefined while any may take it. */
  #peer: TrunkPeer | undefined;
  /** A first hop has said that it can't keep flows: it is done without for now. */
  #isWithout = false;
  #flow: Destination | undefined;
  #keepAlive: FlowKeepAlive | undefined;
  #peersTried: ReadonlyMap<Candidate, TrunkPeer> = new Map();

  constructor(around: Around, flows: Flows, peer: TrunkPeer | undefined, now: Instant) {
    const { board } = around;
    this.#board = board;
    this.#around = around;
    this.#flows = flows;
    this.#peer = peer;
    this.#callId = board.random.token(26);
    this.#tag = board.random.token(12);
    this.#state = newRegistration(flows.trunk.register!.expiresS, board.random, now);
    this.#later();
  }

  get trunk(): Trunk {
    return this.#flows.trunk;
  }

  /** By which the operator is reached and reaches us; undefined without outbound. */
  get flow(): Destination | undefined {
    return this.#flow;
  }

  /** 0 while it is no peer's own. */
  get regId(): number {
    return this.#peer ? this.trunk.peers.indexOf(this.#peer) + 1 : 0;
  }

  /** It is a flow, or fails to be one. */
  get wantsFlow(): boolean {
    return this.#asks && this.#state.phase !== "registered";
  }

  remove(now: Instant): void {
    this.#keepAlive?.stop();
    this.#step({ kind: "remove" }, now);
  }

  /** The removal of a former registration is over. */
  undone(now: Instant): void {
    this.#step({ kind: "undone" }, now);
  }

  wake(_why: string, now: Instant): void {
    this.#step({ kind: "tick" }, now);
  }

  ponged(now: Instant): void {
    this.#keepAlive?.ponged(now);
  }

  stunAnswered(text: string, now: Instant): void {
    this.#keepAlive?.stunAnswered(text, now);
  }

  flowAlive(now: Instant): void {
    this.#step({ kind: "alive" }, now);
  }

  flowFailed(why: string, now: Instant): void {
    const recovery = this.#flows.recoveryOf(this);
    this.#endFlow();
    this.#step({ kind: "flow-failed", why, recovery }, now);
  }

  get #asks(): boolean {
    return this.trunk.register!.outbound && !this.#isWithout;
  }

  #done(outcome: Outcome | End, now: Instant): void {
    const recovery = this.#asks ? { recovery: this.#flows.recoveryOf(this) } : {};
    if (isEnd(outcome)) {
      const why = outcome.name === "no-response" ? "timeout" : "transport";
      this.#refused();
      return this.#step({ kind: "failed", why, ...recovery }, now);
    }
    if (outcome.response.status === FLOW_FAILED) {
      this.#refused();
      return this.#step({ kind: "failed", why: "flow failed", ...recovery }, now);
    }
    this.#answered(outcome, recovery, now);
  }

  #answered(outcome: Outcome, recovery: { recovery?: Recovery }, now: Instant): void {
    const { response } = outcome;
    const { status } = response;
    const isRemoving = this.#state.phase === "removing";
    if (status === NO_OUTBOUND && this.#asks && this.#flows.isAlone && !isRemoving) {
      this.#isWithout = true;
      return this.#register(this.#state.askS, now);
    }
    if (status < 300) this.#granted(outcome, isRemoving, now);
    else if (status !== INTERVAL_TOO_BRIEF) this.#refused();
    const minExpiresS = parseSeconds(response.headers.get("min-expires") ?? "");
    const retryAfterS = parseSeconds(response.headers.get("retry-after") ?? "");
    const grantedS = status < 300 ? grantedOf(response, outcome.request) : undefined;
    const isFlow = status >= 300 || this.#flow !== undefined;
    this.#step(
      {
        kind: "answered",
        status,
        ...(isFlow ? recovery : {}),
        ...(grantedS === undefined ? {} : { grantedS }),
        ...(minExpiresS === undefined ? {} : { minExpiresS }),
        ...(retryAfterS === undefined ? {} : { retryAfterS }),
      },
      now,
    );
    if (status >= 300 || !this.#flow) return;
    if (this.#state.phase === "registered") this.#flows.formed(now);
    else this.#endFlow();
  }

  #granted(outcome: Outcome, isRemoving: boolean, now: Instant): void {
    this.#home = outcome.candidate.name;
    this.#learnRealms(outcome.request);
    if (isRemoving) return this.#endFlow();
    const isOutbound = this.#asks && requires(outcome.response, "outbound");
    if (isOutbound) return this.#keep(outcome, now);
    // RFC 5626 §4.2: without that word it is a registration as any other.
    this.#endFlow();
    if (this.#flows.isAlone) this.#peer = undefined;
  }

  #keep({ candidate, to, flow, response }: Outcome, now: Instant): void {
    this.#peer ??= this.#peersTried.get(candidate);
    if (this.#flow?.flow !== flow.id) {
      this.#endFlow();
      this.#flow = { ...to, flow: flow.id };
      this.#around.carried.add(flow.id, this);
      this.#keepAlive = new FlowKeepAlive(this.#board, this, this.#flow, now);
    }
    this.#keepAlive?.keepWithin(parseSeconds(response.headers.get("flow-timer") ?? ""), now);
  }

  /** What was tried last may have been tried without outbound: the next try asks for it again. */
  #refused(): void {
    this.#isWithout = false;
    this.#endFlow();
  }

  #endFlow(): void {
    this.#keepAlive?.stop();
    this.#keepAlive = undefined;
    if (this.#flow?.flow !== undefined) this.#around.carried.delete(this.#flow.flow, this);
    this.#flow = undefined;
  }

  /** Nobody but the operator answers a REGISTER: the realms that it was proved to are its own. */
  #learnRealms({ headers }: Request): void {
    const proofs = [...headers.all("authorization"), ...headers.all("proxy-authorization")];
    const realms = proofs.flatMap((proof) => parseCredentials(proof)?.params.get("realm") || []);
    if (realms.length > 0) this.#around.realms.learn(this.trunk, realms.map(decodeUtf8));
  }

  get #contactUser(): string {
    return this.trunk.register?.contactUser ?? this.trunk.register?.user ?? "";
  }

  #step(event: RegistrationEvent, now: Instant): void {
    const wasRemoving = this.#state.phase === "removing";
    const { state, actions } = stepRegistration(this.#state, event, this.#board.random, now);
    this.#state = state;
    for (const action of actions) this.#perform(action, now);
    this.#later();
    if (state.phase !== "unregistered") return;
    this.#endFlow();
    if (wasRemoving) this.#flows.removed(now);
  }

  #later(): void {
    this.#board.cancelAlarm(this.#alarm);
    const at = this.#state.nextAt;
    this.#alarm = at === undefined ? undefined : this.#board.alarm(at, this, "register");
  }

  #perform(action: RegistrationAction, now: Instant): void {
    const { name: trunk } = this.trunk;
    const own = this.#outboundFlow;
    const flow = own === undefined ? {} : { flow: own };
    switch (action.kind) {
      case "register":
        return this.#register(action.expiresS, now);
      case "registered": {
        const { expiresS } = action;
        const fact = { kind: "trunk-registered", trunk, expiresS, ...flow } as const;
        return this.#board.emit({ kind: "fact", fact });
      }
      case "failed": {
        const { why } = action;
        const status = action.status === undefined ? {} : { status: action.status };
        const fact = { kind: "trunk-registration-failed", trunk, why, ...status, ...flow } as const;
        return this.#board.emit({ kind: "fact", fact });
      }
      case "flow-lost": {
        if (!own) return;
        const fact = { kind: "trunk-flow-lost", trunk, why: action.why, flow: own } as const;
        return this.#board.emit({ kind: "fact", fact });
      }
    }
  }

  /** As facts name it; undefined where it isn't, or wasn't, a flow. */
  get #outboundFlow(): OutboundFlow | undefined {
    if (!this.#peer) return undefined;
    return { regId: this.regId, peer: `${this.trunk.name}/${this.#peer.host}` };
  }

  #register(expiresS: number, now: Instant): void {
    this.#errand?.abandon();
    const sender: Sender = {
      requestFor: (candidate, to) => this.#request(candidate, to, expiresS),
      sent: ({ request }: Sent) => {
        this.#cseq = request.cseq.number;
      },
      done: (outcome, at) => this.#done(outcome, at),
    };
    this.#errand = new Errand(this.#board, sender, this.#candidates(expiresS === 0));
    this.#errand.start(now);
  }

  #candidates(isRemoval: boolean): Candidate[] {
    const trunk = this.trunk;
    const { board, peers } = this.#around;
    const own = this.#asks ? this.#peer : undefined;
    const ordered = own
      ? [own]
      : peersToTry(trunk, board.random, (peer) => peers.isUp(trunk, peer));
    const credentials = credentialsOf(trunk, TrunkRealms.configured(trunk));
    const tried = ordered.map((peer): [Candidate, TrunkPeer] => [
      {
        ...trunkCandidate(trunk, peer, {}),
        ...credentials,
        ...(own && this.#flow && { flow: this.#flow }),
        ...(this.#asks && {
          failoverStatuses: [...trunk.failoverStatuses, FLOW_FAILED, NO_OUTBOUND],
        }),
      },
      peer,
    ]);
    this.#peersTried = new Map(tried);
    const candidates = tried.map(([candidate]) => candidate);
    if (!isRemoval) return candidates;
    const isHome = ({ name }: Candidate): boolean => name === this.#home;
    return [...candidates.filter(isHome), ...candidates.filter((one) => !isHome(one))];
  }

  #request(candidate: Candidate, to: Destination, expiresS: number): Request {
    const { register } = this.trunk;
    const registrar = register!.registrar ?? candidate.uriHost;
    const headers = new Headers();
    const address = `<sip:${register!.user}@${registrar}>`;
    headers.add("max-forwards", String(this.#board.setup.maxForwards));
    headers.add("from", `${address};tag=${this.#tag}`);
    headers.add("to", address);
    headers.add("call-id", this.#callId);
    // RFC 3261 §10.2: one more at each try, so that no registrar takes it for an old one.
    headers.add("cseq", `${this.#cseq + 1} REGISTER`);
    const contact = contactOf(this.#board.setup.faces.public, to.transport, this.#contactUser);
    headers.add("contact", contact + this.#contactParams(candidate));
    headers.add("expires", String(expiresS));
    if (this.#asks) headers.add("supported", "path, outbound");
    headers.add("user-agent", this.#board.setup.product);
    return new Request("REGISTER", `sip:${registrar}`, headers);
  }

  /** RFC 5626 §4.2.1: the same flow of the same instance, whenever it is registered. */
  #contactParams(candidate: Candidate): string {
    const peer = this.#asks ? this.#peersTried.get(candidate) : undefined;
    if (!peer) return "";
    const regId = this.trunk.peers.indexOf(peer) + 1;
    return `;reg-id=${regId};+sip.instance="<${this.#around.instanceOf(this.trunk)}>"`;
  }
}

const requires = ({ headers }: Response, tag: string): boolean =>
  headers.list("require").some((one) => one.trim().toLowerCase() === tag);

/**
 * How long the registrar keeps our Contact: its own parameter, else Expires (RFC 3261 §10.2.4). It
 * names all bindings of the address, and others may have registered there too; one that it writes
 * otherwise than we did (as behind a NAT) is known by its user, and a flow by instance and reg-id.
 */
function grantedOf(response: Response, { contact }: Request): number | undefined {
  const asked = parseUri(contact?.uri ?? "");
  const granted = response.contacts.map(({ uri, params }) => ({ uri: parseUri(uri), params }));
  const flow = contact && flowIn(contact.params);
  const sameFlow = granted.find(({ params }) => flow !== undefined && flowIn(params) === flow);
  const theirs = granted.filter(({ uri }) => uri?.user === asked?.user);
  const ours = theirs.find(({ uri }) => uri?.host === asked?.host && uri?.port === asked?.port);
  const own = (sameFlow ?? ours ?? theirs[0] ?? granted[0])?.params.get("expires");
  return parseSeconds(own ?? response.headers.get("expires") ?? "");
}

/** RFC 5626 §6: from 1 to 2^31 - 1; leading zeros change nothing. */
const REG_ID = /^\d{1,10}$/;

/** A binding's flow (RFC 5626 §6): what tells it from others of the same address. */
function flowIn(params: ReadonlyMap<string, string | undefined>): string | undefined {
  const [regId, instance] = [params.get("reg-id"), params.get("+sip.instance")];
  if (regId === undefined || !REG_ID.test(regId) || instance === undefined) return undefined;
  return `${Number(regId)} ${unquote(instance).toLowerCase()}`;
}
