import { monotonicNow, secureRandom, systemHash } from "#io";
import { parseCredentials, parseSeconds, parseUri, Request, responseTo } from "#sip-message";
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
  readonly #nonce = this.#random.token(32);
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
    const response = responseTo(
      request,
      this.#isAuthentic(request, user) ? 200 : 401,
      undefined,
      "pbx",
    );
    if (response.status === 401) {
      const challenge = `Digest realm="${REALM}", nonce="${this.#nonce}", algorithm=MD5, qop="auth"`;
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

  #isAuthentic(request: Request, user: string): boolean {
    const password = SUBSCRIBERS.get(user);
    const given = parseCredentials(request.headers.get("authorization") ?? "")?.params;
    if (password === undefined || !given || given.get("nonce") !== this.#nonce) return false;
    const h = (text: string): string => systemHash("md5", text);
    const a1 = h(`${user}:${REALM}:${password}`);
    const a2 = h(`REGISTER:${given.get("uri") ?? ""}`);
    const middle = `${this.#nonce}:${given.get("nc")}:${given.get("cnonce")}:${given.get("qop")}`;
    return given.get("username") === user && given.get("response") === h(`${a1}:${middle}:${a2}`);
  }
}
