import type { Instant, Timer } from "#base";
import {
  answerChallenge,
  type Candidate,
  contactOf,
  type Switchboard,
  toDestination,
  type Wakeable,
} from "#calls";
import type { Target } from "#port";
import {
  newRegistration,
  type Registration,
  type RegistrationAction,
  type RegistrationEvent,
  stepRegistration,
  trunksOf,
} from "#routing";
import type { Settings, Trunk } from "#settings";
import type { Destination, Flow } from "#sip";
import { Headers, parseSeconds, Request, type Response } from "#sip-message";
import type { ClientTransaction, Requester } from "#sip-transactions";
import { trunkCandidate } from "./policy.ts";

/** Registers the trunks that want it with their operators (RFC 3261 §10.2), and keeps them so. */
export class TrunkRegistrar {
  readonly #board: Switchboard;
  #registrations = new Map<string, TrunkRegistration>();

  constructor(board: Switchboard, settings: Settings, now: Instant) {
    this.#board = board;
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
      next.set(key, this.#registrations.get(key) ?? new TrunkRegistration(this.#board, trunk, now));
    }
    for (const [key, old] of this.#registrations) if (!next.has(key)) old.remove(now);
    this.#registrations = next;
  }

  /** The gateway stops: operators forget where we were. */
  removeAll(now: Instant): void {
    for (const registration of this.#registrations.values()) registration.remove(now);
  }
}

class TrunkRegistration implements Requester, Wakeable {
  readonly #board: Switchboard;
  readonly #trunk: Trunk;
  readonly #candidate: Candidate;
  readonly #callId: string;
  readonly #tag: string;
  #state: Registration;
  #cseq = 0;
  #sent: { request: Request; to: Destination } | undefined;
  #challenged = false;
  #alarm: Timer<unknown> | undefined;

  constructor(board: Switchboard, trunk: Trunk, now: Instant) {
    this.#board = board;
    this.#trunk = trunk;
    this.#candidate = trunkCandidate(trunk, trunk.peers[0]!, {});
    this.#callId = board.random.token(26);
    this.#tag = board.random.token(12);
    this.#state = newRegistration(trunk.register!.expiresS, board.random, now);
    this.#later();
  }

  remove(now: Instant): void {
    this.#step({ kind: "remove" }, now);
  }

  wake(_why: string, now: Instant): void {
    this.#step({ kind: "tick" }, now);
  }

  response(_transaction: ClientTransaction, response: Response, _flow: Flow, now: Instant): void {
    const { status } = response;
    if (status < 200) return;
    if ((status === 401 || status === 407) && this.#authenticate(response, now)) return;
    const minExpiresS = parseSeconds(response.headers.get("min-expires") ?? "");
    const retryAfterS = parseSeconds(response.headers.get("retry-after") ?? "");
    const grantedS = status < 300 ? grantedOf(response, this.#contactUser) : undefined;
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

  failed(_transaction: ClientTransaction, why: "timeout" | "transport", now: Instant): void {
    this.#step({ kind: "failed", why }, now);
  }

  get #contactUser(): string {
    return this.#trunk.register?.contactUser ?? this.#trunk.register?.user ?? "";
  }

  #step(event: RegistrationEvent, now: Instant): void {
    const { state, actions } = stepRegistration(this.#state, event, this.#board.random, now);
    this.#state = state;
    for (const action of actions) this.#perform(action, now);
    this.#later();
  }

  #later(): void {
    this.#board.cancelAlarm(this.#alarm);
    const at = this.#state.nextAt;
    this.#alarm = at === undefined ? undefined : this.#board.alarm(at, this, "register");
  }

  #perform(action: RegistrationAction, now: Instant): void {
    const { name: trunk } = this.#trunk;
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
    const send = (targets: readonly Target[], at: Instant) => {
      const target = targets[0];
      if (!target) return this.#step({ kind: "failed", why: "transport" }, at);
      this.#challenged = false;
      const to = toDestination("public", target);
      this.#send(this.#request(to, expiresS), to, at);
    };
    this.#board.resolve(this.#candidate.query, send, now);
  }

  #request(to: Destination, expiresS: number): Request {
    const { register } = this.#trunk;
    const registrar = register!.registrar ?? this.#candidate.uriHost;
    const headers = new Headers();
    const address = `<sip:${register!.user}@${registrar}>`;
    headers.add("max-forwards", String(this.#board.setup.maxForwards));
    headers.add("from", `${address};tag=${this.#tag}`);
    headers.add("to", address);
    headers.add("call-id", this.#callId);
    headers.add("cseq", `${++this.#cseq} REGISTER`);
    headers.add(
      "contact",
      contactOf(this.#board.setup.faces.public, to.transport, this.#contactUser),
    );
    headers.add("expires", String(expiresS));
    headers.add("user-agent", this.#board.setup.product);
    return new Request("REGISTER", `sip:${registrar}`, headers);
  }

  /** A second challenge is answered where it is "stale" alone (RFC 7616 §3.3); else it refuses. */
  #authenticate(response: Response, now: Instant): boolean {
    if (this.#challenged || !this.#sent) return false;
    const { request, to } = this.#sent;
    const retry = answerChallenge(this.#board, this.#candidate.credentials, request, response);
    if (!retry) return false;
    this.#challenged = true;
    this.#cseq = retry.cseq.number;
    this.#send(retry, to, now);
    return true;
  }

  #send(request: Request, to: Destination, now: Instant): void {
    this.#sent = { request, to };
    this.#board.transactions.request(request, to, now, this);
  }
}

/** How long the registrar keeps our Contact: its own parameter, else Expires (RFC 3261 §10.2.4). */
function grantedOf(response: Response, user: string): number | undefined {
  const ours =
    response.contacts.find((contact) => contact.uri.includes(`${user}@`)) ?? response.contact;
  const own = ours?.params.get("expires");
  return parseSeconds(own ?? response.headers.get("expires") ?? "");
}
