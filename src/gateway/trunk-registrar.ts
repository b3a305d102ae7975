import { decodeUtf8, type Instant, type Timer } from "#base";
import { type Candidate, contactOf, type Switchboard, type Wakeable } from "#calls";
import { type End, isEnd } from "#ends";
import {
  newRegistration,
  peersToTry,
  type Registration,
  type RegistrationAction,
  type RegistrationEvent,
  stepRegistration,
  trunksOf,
} from "#routing";
import type { Settings, Trunk } from "#settings";
import type { Destination } from "#sip";
import {
  Headers,
  parseCredentials,
  parseSeconds,
  parseUri,
  Request,
  type Response,
} from "#sip-message";
import { Errand, type Outcome, type Sender, type Sent } from "./errand.ts";
import { credentialsOf, type PeerStates, trunkCandidate } from "./policy.ts";
import { TrunkRealms } from "./trunk-realms.ts";

interface Around {
  readonly board: Switchboard;
  readonly peers: PeerStates;
  readonly realms: TrunkRealms;
}

/** Registers the trunks that want it with their operators (RFC 3261 §10.2), and keeps them so. */
export class TrunkRegistrar {
  readonly #around: Around;
  #registrations = new Map<string, TrunkRegistration>();

  constructor(around: Around, settings: Settings, now: Instant) {
    this.#around = around;
    this.apply(settings, now);
  }

  /** A trunk whose registration changed is removed and registered again; others don't notice. */
  apply(settings: Settings, now: Instant): void {
    const next = new Map<string, TrunkRegistration>();
    for (const trunk of trunksOf(settings)) {
      if (!trunk.register) continue;
      const { register, peers, domain, credentials } = trunk;
      const password = credentials?.password.reveal();
      const key = JSON.stringify([trunk.name, register, peers, domain, credentials, password]);
      const kept = this.#registrations.get(key);
      next.set(key, kept ?? new TrunkRegistration(this.#around, trunk, now));
    }
    const heirs = new Map([...next.values()].map((one) => [one.trunk.name, one]));
    for (const [key, old] of this.#registrations) {
      if (next.has(key)) continue;
      old.remove(now, heirs.get(old.trunk.name));
      this.#around.realms.forget(old.trunk);
    }
    this.#registrations = next;
  }

  /** The gateway stops: operators forget where we were. */
  removeAll(now: Instant): void {
    for (const registration of this.#registrations.values()) registration.remove(now);
  }
}

class TrunkRegistration implements Wakeable {
  readonly trunk: Trunk;
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
  /** What takes its place. */
  #heir: TrunkRegistration | undefined;

  constructor(around: Around, trunk: Trunk, now: Instant) {
    const { board } = around;
    this.#board = board;
    this.#around = around;
    this.trunk = trunk;
    this.#callId = board.random.token(26);
    this.#tag = board.random.token(12);
    this.#state = newRegistration(trunk.register!.expiresS, board.random, now);
    this.#later();
  }

  /** The removal may come to the registrar after what the heir asks for, and undo that. */
  remove(now: Instant, heir?: TrunkRegistration): void {
    this.#heir = heir;
    this.#step({ kind: "remove" }, now);
  }

  /** The removal of a former registration is over. */
  undone(now: Instant): void {
    if (this.#heir) this.#heir.undone(now);
    else this.#step({ kind: "undone" }, now);
  }

  wake(_why: string, now: Instant): void {
    this.#step({ kind: "tick" }, now);
  }

  #done(outcome: Outcome | End, now: Instant): void {
    if (isEnd(outcome)) {
      const why = outcome.name === "no-response" ? "timeout" : "transport";
      return this.#step({ kind: "failed", why }, now);
    }
    const { response, candidate } = outcome;
    const { status } = response;
    if (status < 300) {
      this.#home = candidate.name;
      this.#learnRealms(outcome.request);
    }
    const minExpiresS = parseSeconds(response.headers.get("min-expires") ?? "");
    const retryAfterS = parseSeconds(response.headers.get("retry-after") ?? "");
    const grantedS = status < 300 ? grantedOf(response, outcome.request) : undefined;
    this.#step(
      {
        kind: "answered",
        status,
        ...(grantedS === undefined ? {} : { grantedS }),
        ...(minExpiresS === undefined ? {} : { minExpiresS }),
        ...(retryAfterS === undefined ? {} : { retryAfterS }),
      },
      now,
    );
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
    if (wasRemoving && state.phase === "unregistered") this.#heir?.undone(now);
  }

  #later(): void {
    this.#board.cancelAlarm(this.#alarm);
    const at = this.#state.nextAt;
    this.#alarm = at === undefined ? undefined : this.#board.alarm(at, this, "register");
  }

  #perform(action: RegistrationAction, now: Instant): void {
    const { name: trunk } = this.trunk;
    switch (action.kind) {
      case "register":
        return this.#register(action.expiresS, now);
      case "registered": {
        const fact = { kind: "trunk-registered", trunk, expiresS: action.expiresS } as const;
        return this.#board.emit({ kind: "fact", fact });
      }
      case "failed": {
        const status = action.status === undefined ? {} : { status: action.status };
        const fact = {
          kind: "trunk-registration-failed",
          trunk,
          why: action.why,
          ...status,
        } as const;
        return this.#board.emit({ kind: "fact", fact });
      }
    }
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
    const ordered = peersToTry(trunk, board.random, (peer) => peers.isUp(trunk, peer));
    const credentials = credentialsOf(trunk, TrunkRealms.configured(trunk));
    const candidates = ordered.map((peer) => ({
      ...trunkCandidate(trunk, peer, {}),
      ...credentials,
    }));
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
    headers.add(
      "contact",
      contactOf(this.#board.setup.faces.public, to.transport, this.#contactUser),
    );
    headers.add("expires", String(expiresS));
    headers.add("user-agent", this.#board.setup.product);
    return new Request("REGISTER", `sip:${registrar}`, headers);
  }
}

/**
 * How long the registrar keeps our Contact: its own parameter, else Expires (RFC 3261 §10.2.4). It
 * names all bindings of the address, and others may have registered there too; one that it writes
 * otherwise than we did (as behind a NAT) is known by its user.
 */
function grantedOf(response: Response, { contact }: Request): number | undefined {
  const asked = parseUri(contact?.uri ?? "");
  const granted = response.contacts.map(({ uri, params }) => ({ uri: parseUri(uri), params }));
  const theirs = granted.filter(({ uri }) => uri?.user === asked?.user);
  const ours = theirs.find(({ uri }) => uri?.host === asked?.host && uri?.port === asked?.port);
  const own = (ours ?? theirs[0] ?? granted[0])?.params.get("expires");
  return parseSeconds(own ?? response.headers.get("expires") ?? "");
}
