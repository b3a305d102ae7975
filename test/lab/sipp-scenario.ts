// SIPp scenarios written as steps: a flow reads like the ladder it draws, and both roles,
// all transports and both address families share one spelling of the headers.

/** A check on a header of what was received: it is there and matches, or must not. */
export interface HeaderCheck {
  readonly header: string;
  readonly matches: string;
  readonly absent?: boolean;
}

interface SendOptions {
  /** Starts the clock that an `expect` with `stopsClock` reads. */
  readonly startsClock?: boolean;
  readonly headers?: readonly string[];
  readonly body?: Body;
}

export interface Body {
  readonly type: string;
  readonly text: string;
}

interface AnswerOptions extends SendOptions {
  /** The RSeq of a reliable provisional answer (RFC 3262). */
  readonly reliable?: number;
  readonly of?: "INVITE";
}

interface Credentials {
  readonly user: string;
  readonly password: string;
}

interface AwaitOptions {
  readonly stopsClock?: boolean;
  readonly optional?: boolean;
  /** A challenge, which the next request answers with [authentication]. */
  readonly auth?: boolean;
  readonly checks?: readonly HeaderCheck[];
  /** The digest that the request must carry. */
  readonly verify?: Credentials;
  /** What the body must match. */
  readonly bodyMatches?: string;
  /** Keeps the RSeq in the variable "rseq", for the RAck of a PRACK. */
  readonly keepRseq?: boolean;
}

export type Step =
  | ({ readonly kind: "request"; readonly method: string } & SendOptions)
  | ({ readonly kind: "response"; readonly status: string } & AnswerOptions)
  | ({ readonly kind: "await"; readonly status?: number; readonly method?: string } & AwaitOptions)
  | { readonly kind: "answer-until"; readonly method: string; readonly bodyMatches: string }
  | { readonly kind: "pause"; readonly ms: number }
  | { readonly kind: "play"; readonly file: string }
  | { readonly kind: "play-image"; readonly file: string };

/** Sends a request; ACK, CANCEL and PRACK find what they refer to by themselves. */
export const send = (method: string, options: SendOptions = {}): Step => ({
  kind: "request",
  method,
  ...options,
});

/** Answers the last request received, or with `of` the first INVITE: `answer("180 Ringing")`. */
export const answer = (status: string, options: AnswerOptions = {}): Step => ({
  kind: "response",
  status,
  ...options,
});

/** Waits for a response by its status, or a request by its method. */
export const expect = (what: number | string, options: AwaitOptions = {}): Step =>
  typeof what === "number"
    ? { kind: "await", status: what, ...options }
    : { kind: "await", method: what, ...options };

/** Answers 200 to each request of this method until one's body matches, four at most: a NOTIFY that
    would only tell what the next one supersedes need not come (RFC 6665 §4.2.3). */
export const answerUntil = (method: string, bodyMatches: string): Step => ({
  kind: "answer-until",
  method,
  bodyMatches,
});

export const pause = (ms: number): Step => ({ kind: "pause", ms });

/** Streams a raw A-law file to where the last SDP said. */
export const play = (file: string): Step => ({ kind: "play", file });

/** Sends the datagrams of a capture file (pcap.ts) to where the last SDP wants the fax. */
export const playImage = (file: string): Step => ({ kind: "play-image", file });

export const has = (header: string, matches = ".+"): HeaderCheck => ({ header, matches });
export const lacks = (header: string, matches: string): HeaderCheck => ({
  header,
  matches,
  absent: true,
});

interface SdpOptions {
  /** For hold. */
  readonly direction?: "sendrecv" | "sendonly" | "recvonly" | "inactive";
  /** Whether a `play` step sends from the port that is said. */
  readonly plays?: boolean;
  /** More attributes of the audio line. */
  readonly attributes?: readonly string[];
}

/** SIPp's own session description. */
export function sdp(options: SdpOptions = {}): Body {
  const { direction = "sendrecv", plays = false, attributes = [] } = options;
  const port = plays ? "[rtpstream_audio_port]" : "[media_port]";
  return {
    type: "application/sdp",
    text: [
      "v=0",
      "o=sipp 53655765 2353687637 IN IP[local_ip_type] [local_ip]",
      "s=-",
      "c=IN IP[media_ip_type] [media_ip]",
      "t=0 0",
      `m=audio ${port} RTP/AVP 8 101`,
      "a=rtpmap:8 PCMA/8000",
      "a=rtpmap:101 telephone-event/8000",
      "a=fmtp:101 0-15",
      `a=${direction}`,
      ...attributes,
    ].join("\n"),
  };
}

/** SIPp's description of a fax (T.38 over UDPTL); it takes the place of the voice. */
export const fax = (): Body => ({
  type: "application/sdp",
  text: [
    "v=0",
    "o=sipp 53655765 2353687638 IN IP[local_ip_type] [local_ip]",
    "s=-",
    "c=IN IP[media_ip_type] [media_ip]",
    "t=0 0",
    "m=image [media_port] udptl t38",
    "a=T38FaxVersion:0",
    "a=T38MaxBitRate:14400",
    "a=T38FaxRateManagement:transferredTCF",
    "a=T38FaxMaxDatagram:400",
    "a=T38FaxUdpEC:t38UDPRedundancy",
  ].join("\n"),
});

export const dtmfRelay = (digit: string): Body => ({
  type: "application/dtmf-relay",
  text: `Signal=${digit}\nDuration=160`,
});

type Role = "caller" | "callee";

/** The scenario of who begins the call. */
export const caller = (steps: readonly Step[]): string => print("caller", steps);
/** The scenario of who is called; its first step awaits the INVITE. */
export const callee = (steps: readonly Step[]): string => print("callee", steps);

function print(role: Role, steps: readonly Step[]): string {
  const writer = new ScenarioWriter(role);
  const body = steps.map((step) => writer.step(step)).join("\n");
  return [
    '<?xml version="1.0" encoding="ISO-8859-1" ?>',
    `<scenario name="${role}">`,
    body,
    writer.references(),
    "</scenario>",
    "",
  ].join("\n");
}

class ScenarioWriter {
  readonly #role: Role;
  readonly #variables = new Set<string>();
  #cseq = 0;
  #branch = 0;
  /** Of the last INVITE sent: CANCEL and ACK refer to it. */
  #invite = { cseq: 0, branch: 0, initial: true };
  /** What was last awaited: the request that an answer answers, the status that an ACK confirms. */
  #lastMethod = "";
  #lastSent = "";
  #lastStatus = 0;
  #answered = 0;
  #inDialog: boolean = false;
  #checks = 0;
  #labels = 0;

  constructor(role: Role) {
    this.#role = role;
  }

  step(step: Step): string {
    switch (step.kind) {
      case "request":
        return this.#request(step);
      case "response":
        return this.#response(step);
      case "await":
        return this.#await(step);
      case "answer-until":
        return this.#answerUntil(step);
      case "pause":
        return `<pause milliseconds="${step.ms}"/>`;
      case "play":
        return `<nop><action><exec rtp_stream="${step.file},1,8,PCMA/8000"/></action></nop>`;
      case "play-image":
        return `<nop><action><exec play_pcap_image="${step.file}"/></action></nop>`;
    }
  }

  references(): string {
    const names = [...this.#variables];
    return names.length === 0 ? "" : `<Reference variables="${names.join(",")}"/>`;
  }

  #request(step: Extract<Step, { kind: "request" }>): string {
    const { method, headers = [], body } = step;
    const lines = [...this.#requestHead(method), ...headers];
    const retransmit = method === "ACK" ? "" : ' retrans="500"';
    const clock = step.startsClock === true ? ' start_rtd="1"' : "";
    return `<send${retransmit}${clock}><![CDATA[\n${withBody(lines, body)}\n]]></send>`;
  }

  #requestHead(method: string): string[] {
    const { cseq, branch, initial } = this.#number(method);
    return [
      `${method} ${initial ? "[target]" : "[next_url]"} SIP/2.0`,
      `Via: SIP/2.0/[via_transport] [via_host];branch=z9hG4bK-[pid]-[call_number]-${this.#role}-${branch};rport`,
      ...(initial ? [] : ["[routes]"]),
      ...this.#ends(method, initial),
      "Call-ID: [call_id]",
      `CSeq: ${cseq} ${method}`,
      "Contact: <[contact]>",
      "Max-Forwards: 70",
    ];
  }

  /** CANCEL and the ACK of a refusal are the INVITE's own (RFC 3261 §9.1, §17.1.1.3). */
  #number(method: string): { cseq: number; branch: number; initial: boolean } {
    this.#lastSent = method;
    if (method === "CANCEL") return this.#invite;
    if (method === "ACK" && this.#lastStatus >= 300) return this.#invite;
    this.#branch++;
    // An ACK of a 2xx has the INVITE's number and a branch of its own (§13.2.2.4).
    if (method === "ACK") return { ...this.#invite, branch: this.#branch, initial: false };
    this.#cseq++;
    const numbers = { cseq: this.#cseq, branch: this.#branch, initial: !this.#inDialog };
    if (method === "INVITE") this.#invite = numbers;
    return numbers;
  }

  #ends(method: string, initial: boolean): string[] {
    if (this.#role === "callee") {
      this.#variables.add("local").add("remote");
      return ["From:[$local];tag=[pid]callee[call_number]", "To:[$remote]"];
    }
    const untagged = method === "CANCEL" || (initial && method !== "ACK");
    const to = untagged ? "To: <[target]>" : "To: <[target]>[peer_tag_param]";
    return ["From: [identity];tag=[pid]caller[call_number]", to];
  }

  #response(step: Extract<Step, { kind: "response" }>): string {
    const { status, reliable, headers = [], body } = step;
    const invites = step.of === "INVITE" || this.#lastMethod === "INVITE";
    if (invites) this.#answered = Number(status.slice(0, 3));
    const lines = [
      `SIP/2.0 ${status}`,
      ...this.#responseHead(step.of),
      "Contact: <[contact]>",
      ...(reliable === undefined ? [] : ["Require: 100rel", `RSeq: ${reliable}`]),
      ...headers,
    ];
    // SIPp repeats a final answer until the ACK comes, as the core of a UAS must (RFC 3261 §13.3.1.4).
    const retransmit = invites && !status.startsWith("1") ? ' retrans="500"' : "";
    return `<send${retransmit}><![CDATA[\n${withBody(lines, body)}\n]]></send>`;
  }

  #responseHead(of: "INVITE" | undefined): string[] {
    const tag = ";tag=[pid]callee[call_number]";
    if (of === "INVITE") {
      // Another request (PRACK, CANCEL) came since: what the INVITE said was kept.
      for (const name of ["via", "cseq", "local", "remote"]) this.#variables.add(name);
      const ends = [`To:[$local]${tag}`, "From:[$remote]"];
      return ["Via:[$via]", ...ends, "Call-ID: [call_id]", "CSeq:[$cseq]"];
    }
    const tagged = this.#inDialog || !["INVITE", "CANCEL"].includes(this.#lastMethod);
    return [
      "[last_Via:]",
      "[last_Record-Route:]",
      "[last_From:]",
      tagged ? "[last_To:]" : `[last_To:]${tag}`,
      "[last_Call-ID:]",
      "[last_CSeq:]",
    ];
  }

  #await(step: Extract<Step, { kind: "await" }>): string {
    const { status = 0, method, checks = [], verify } = step;
    const begins = method === "INVITE" && this.#role === "callee" && !this.#inDialog;
    this.#remember(step);
    // Only these answers have a Contact and Record-Route to keep; SIPp complains of others.
    const routes = this.#lastSent === "INVITE" && status >= 180 && status < 300;
    const attributes = [
      method === undefined ? `response="${status}"` : `request="${method}"`,
      ...(step.optional === true ? ['optional="true"'] : []),
      ...(step.auth === true ? ['auth="true"'] : []),
      ...(step.stopsClock === true ? ['rtd="1"'] : []),
      ...(begins || routes ? ['rrs="true"'] : []),
    ].join(" ");
    const actions = [
      ...checks.map((check) => this.#check(check)),
      ...(begins ? this.#keepInvite() : []),
      ...(step.bodyMatches === undefined ? [] : [this.#checkBody(step.bodyMatches)]),
      ...(step.keepRseq === true ? [this.#keep("rseq", "RSeq")] : []),
      ...(verify === undefined ? [] : [verifying(verify)]),
    ];
    const after = verify === undefined ? "" : `\n${this.#failUnless("valid")}`;
    if (actions.length === 0) return `<recv ${attributes}/>`;
    return `<recv ${attributes}><action>${actions.join("")}</action></recv>${after}`;
  }

  #answerUntil({ method, bodyMatches }: Extract<Step, { kind: "answer-until" }>): string {
    const end = ++this.#labels;
    this.#remember(expect(method) as Extract<Step, { kind: "await" }>);
    // Written out, since the answer itself has to lead on: a step between would meet the next request
    // unprepared, and SIPp never forgets that an expression matched once.
    const rounds = Array.from({ length: 4 }, () => {
      const name = `check${++this.#checks}`;
      this.#variables.add(name);
      const matching = `<ereg regexp="${escaped(bodyMatches)}" search_in="body" assign_to="${name}"/>`;
      const answered = this.#response({ kind: "response", status: "200 OK" });
      return [
        `<recv request="${method}"><action>${matching}</action></recv>`,
        answered.replace("<send", `<send test="${name}" next="${end}"`),
      ];
    });
    return [...rounds.flat(), `<label id="${end}"/>`].join("\n");
  }

  #remember({ status, method }: Extract<Step, { kind: "await" }>): void {
    if (method !== undefined) {
      if (method === "ACK" && this.#answered >= 200 && this.#answered < 300) this.#inDialog = true;
      else if (method !== "ACK") this.#lastMethod = method;
    }
    if (status === undefined) return;
    this.#lastStatus = status;
    // A provisional answer makes an early dialog already: PRACK and UPDATE go in it.
    if (this.#role === "caller" && status > 100 && status < 300) this.#inDialog = true;
  }

  #check({ header, matches, absent }: HeaderCheck): string {
    const name = `check${++this.#checks}`;
    this.#variables.add(name);
    const expected = absent === true ? 'check_it_inverse="true"' : 'check_it="true"';
    return `<ereg regexp="${escaped(matches)}" search_in="hdr" header="${header}:" ${expected} assign_to="${name}"/>`;
  }

  /** What answers and requests of the callee's own need of the INVITE, whatever comes after it. */
  #keepInvite(): string[] {
    const kept = { remote: "From", local: "To", via: "Via", cseq: "CSeq" };
    return Object.entries(kept).map(([name, header]) => this.#keep(name, header));
  }

  #keep(name: string, header: string): string {
    this.#variables.add(name);
    return `<ereg regexp=".*" search_in="hdr" header="${header}:" assign_to="${name}"/>`;
  }

  #checkBody(matches: string): string {
    const name = `check${++this.#checks}`;
    this.#variables.add(name);
    return `<ereg regexp="${escaped(matches)}" search_in="body" check_it="true" assign_to="${name}"/>`;
  }

  #failUnless(variable: string): string {
    const label = ++this.#labels;
    this.#variables.add(variable);
    return [
      `<nop test="${variable}" next="${label}"/>`,
      `<nop><action><error message="${variable} does not hold"/></action></nop>`,
      `<label id="${label}"/>`,
    ].join("\n");
  }
}

const verifying = ({ user, password }: Credentials): string =>
  `<verifyauth assign_to="valid" username="${user}" password="${password}"/>`;

function withBody(head: readonly string[], body: Body | undefined): string {
  if (body === undefined) return [...head, "Content-Length: 0", "", ""].join("\n");
  return [...head, `Content-Type: ${body.type}`, "Content-Length: [len]", "", body.text, ""].join(
    "\n",
  );
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
