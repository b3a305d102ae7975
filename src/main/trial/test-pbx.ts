import { Secret } from "#base";
import { monotonicNow, secureRandom, systemHash } from "#io";
import {
  checkDigest,
  createNonce,
  type DigestCheck,
  type DigestVerdict,
  digestChallenges,
  NonceCounts,
} from "#sip";
import { parseSeconds, parseUri, Request, responseTo } from "#sip-message";
import type { ServerTransaction, TransactionEvent } from "#sip-transactions";
import { audioPort, TrialAudio } from "./audio.ts";
import { onLoopback, TrialEndpoint } from "./endpoint.ts";

export const ECHO = "600";
export const TONE = "601";

/** The test subscribers and their passwords: on the loopback alone, and printed at every start. */
export const SUBSCRIBERS: ReadonlyMap<string, string> = new Map([
  ["101", "trial101"],
  ["102", "trial102"],
]);

const REALM = "passerelle-trial";
const EXPIRES_S = 3600;
// MD5 second: every telephone knows it, and who knows better takes the first.
const ALGORITHMS = ["SHA-256", "MD5"] as const;
const NONCES_MAX = 100;
/** A tone call without a BYE ends sending after this many packets (one minute). */
const TONE_PACKETS = 3000;

interface Answered {
  readonly audio: TrialAudio;
}

/** The trial's PBX: a registrar of two subscribers, an echo and a tone. */
export class TestPbx {
  /** The port of the gateway that the last caller's audio came from. */
  lastRelayPort: number | undefined;
  readonly #endpoint: TrialEndpoint;
  readonly #random = secureRandom();
  readonly #check: DigestCheck = {
    realm: REALM,
    secret: new Secret(this.#random.token(32)),
    hash: systemHash,
    nonceAgeMaxMs: 60_000,
    algorithms: ALGORITHMS,
    passwordOf: (user) => {
      const password = SUBSCRIBERS.get(user);
      return password === undefined ? undefined : new Secret(password);
    },
  };
  readonly #counts = new NonceCounts(NONCES_MAX);
  /** Where each registered subscriber is. */
  readonly #contacts = new Map<string, { uri: string; port: number }>();
  readonly #calls = new Map<string, Answered>();
  #forwards = new Map<unknown, ServerTransaction>();

  private constructor(endpoint: TrialEndpoint) {
    this.#endpoint = endpoint;
    endpoint.onEvent((event) => this.#take(event));
  }

  static async open(port: number): Promise<TestPbx> {
    return new TestPbx(await TrialEndpoint.open(port));
  }

  close(): void {
    for (const { audio } of this.#calls.values()) audio.close();
    this.#endpoint.close();
  }

  #take(event: TransactionEvent): void {
    if (event.kind === "ack") return;
    if (event.kind === "response") return this.#forwardBack(event);
    if (event.kind !== "request") return;
    const { transaction, request } = event;
    switch (request.method) {
      case "REGISTER":
        return this.#register(transaction, request, event.flow.remotePort);
      case "INVITE":
        return void this.#invite(transaction, request);
      case "BYE":
        return this.#bye(transaction, request);
      case "OPTIONS":
        return this.#answer(transaction, request, 200);
      default:
        return this.#answer(transaction, request, 405);
    }
  }

  #answer(transaction: ServerTransaction, request: Request, status: number, body?: string): void {
    const response = responseTo(request, status, undefined, this.#random.token(8));
    if (body !== undefined) {
      response.headers.add("content-type", "application/sdp");
      response.body = body;
    }
    response.headers.add("contact", `<sip:127.0.0.1:${this.#endpoint.port}>`);
    this.#endpoint.act((transactions) =>
      transactions.respond(transaction, response, monotonicNow()),
    );
  }

  async #invite(transaction: ServerTransaction, request: Request): Promise<void> {
    const called = parseUri(request.uri)?.user ?? "";
    if (called === ECHO || called === TONE) return this.#talk(transaction, request, called);
    const contact = this.#contacts.get(called);
    if (!contact) return this.#answer(transaction, request, SUBSCRIBERS.has(called) ? 480 : 404);
    this.#forward(transaction, request, contact);
  }

  async #talk(transaction: ServerTransaction, request: Request, called: string): Promise<void> {
    const audio = await TrialAudio.open();
    const port = audioPort(request.body);
    this.#calls.set(request.callId, { audio });
    this.lastRelayPort = port;
    if (port !== undefined && called === ECHO) audio.echo(port);
    if (port !== undefined && called === TONE) void audio.tone(port, TONE_PACKETS);
    this.#answer(transaction, request, 180);
    this.#answer(transaction, request, 200, audio.sdp);
  }

  #bye(transaction: ServerTransaction, request: Request): void {
    this.#calls.get(request.callId)?.audio.close();
    this.#calls.delete(request.callId);
    this.#answer(transaction, request, 200);
  }

  /** Proxies the INVITE to the subscriber; later requests go to its Contact directly. */
  #forward(
    transaction: ServerTransaction,
    request: Request,
    contact: { uri: string; port: number },
  ): void {
    const copy = new Request("INVITE", contact.uri, request.headers.copy(), request.body);
    copy.headers.prepend("via", "");
    this.#endpoint.act((transactions) => {
      const sent = transactions.request(copy, onLoopback(contact.port), monotonicNow(), undefined);
      this.#forwards.set(sent, transaction);
    });
  }

  #forwardBack(event: Extract<TransactionEvent, { kind: "response" }>): void {
    const to = this.#forwards.get(event.transaction);
    if (!to || event.response.status === 100) return;
    const [, ...vias] = event.response.headers.list("via");
    event.response.headers.delete("via");
    for (const via of vias.reverse()) event.response.headers.prepend("via", via);
    this.#endpoint.act((transactions) => transactions.respond(to, event.response, monotonicNow()));
    if (event.response.status >= 200) this.#forwards.delete(event.transaction);
  }

  #register(transaction: ServerTransaction, request: Request, port: number): void {
    const user = parseUri(request.to.uri)?.user ?? "";
    const proof = this.#proof(request, user);
    const response = responseTo(request, proof === "right" ? 200 : 401, undefined, "pbx");
    if (proof !== "right") {
      const nonce = createNonce(this.#check, monotonicNow(), this.#random);
      const isStale = proof === "stale";
      for (const challenge of digestChallenges(REALM, nonce, ALGORITHMS, isStale))
        response.headers.add("www-authenticate", challenge);
    } else {
      const uri = request.contact?.uri;
      const asked = request.contact?.params.get("expires") ?? request.headers.get("expires") ?? "";
      const expires = parseSeconds(asked) ?? EXPIRES_S;
      if (uri === undefined || expires === 0) this.#contacts.delete(user);
      else this.#contacts.set(user, { uri, port });
      if (uri !== undefined && expires > 0)
        response.headers.add("contact", `<${uri}>;expires=${expires}`);
    }
    this.#endpoint.act((transactions) =>
      transactions.respond(transaction, response, monotonicNow()),
    );
  }

  /** Whether it comes from the subscriber that it is about, and is no repeat of another's. */
  #proof(request: Request, user: string): DigestVerdict["kind"] {
    const values = request.headers.all("authorization");
    const verdict = checkDigest(values, request, this.#check, monotonicNow());
    if (verdict.kind !== "right") return verdict.kind;
    if (verdict.user !== user) return "wrong";
    return this.#counts.accepts(verdict.nonce, verdict.nonceCount) ? "right" : "stale";
  }
}
