import assert from "node:assert/strict";
import { Headers, parseNameAddr, Request, type Response, responseTo } from "#sip-message";
import { type LegName, PEERS, type PeerName } from "./ladder.ts";

/** What one end knows of a dialog (RFC 3261 §12). */
export interface Dialog {
  localTag: string | undefined;
  remoteTag: string | undefined;
  localSeq: number;
  remoteSeq: number;
  /** The gateway's Contact, and ours as it was told last. */
  target: string;
  contact: string;
  /** Route set of the gateway towards us. */
  routes: readonly string[];
  /** Our latest description, the one before an offer that may yet be refused, and its version. */
  said: string | undefined;
  saidBefore: string | undefined;
  version: number;
  told: string[];
}

interface Place {
  /** The gateway's address and port on this side. */
  readonly gateway: string;
  readonly transport: string;
  branch(): string;
}

/** No number that the gateway would begin with of itself. */
const FIRST_SEQ = 41;

/** One call of a peer, or a transaction of its own: all dialogs that come of one request. */
export class Leg {
  readonly name: LegName;
  readonly peer: PeerName;
  callId = "";
  isCaller = false;
  /** From as we send it, without tag; To likewise. */
  localUri = "";
  remoteUri = "";
  lastSent: Request | undefined;
  lastGot: Request | undefined;
  /** Status of the final answer to the latest INVITE of ours, and its To. */
  refused: Response | undefined;
  readonly sent = new Map<string, Request>();
  readonly got = new Map<string, Request>();
  /** CSeqs of the INVITEs that came. */
  readonly inviteSeqs = new Set<number>();
  readonly #dialogs = new Map<string, Dialog>();
  readonly #place: Place;
  #beginning: Dialog | undefined;

  constructor(name: LegName, place: Place) {
    this.name = name;
    this.peer = name.peer;
    this.#place = place;
  }

  get address(): string {
    return PEERS[this.peer].address;
  }

  /** The dialog of a fork; a new one begins where the first request left off. */
  dialog(fork: string): Dialog {
    const known = this.#dialogs.get(fork);
    if (known) return known;
    const begun = this.#beginning ?? {
      localTag: undefined,
      remoteTag: undefined,
      localSeq: 0,
      remoteSeq: 0,
      target: "",
      contact: `<sip:${this.peer}@${this.address}:5060>`,
      routes: [],
      said: undefined,
      saidBefore: undefined,
      version: 0,
      told: [],
    };
    const dialog = { ...begun, ...this.#shared() };
    if (!this.isCaller) dialog.localTag ??= `${this.peer}-tag-${this.callId.slice(0, 6)}${fork}`;
    this.#dialogs.set(fork, dialog);
    return dialog;
  }

  /** What all forks have of the first request: what we said in it, or were told. */
  #shared(): Partial<Dialog> & Pick<Dialog, "told"> {
    const first = this.#dialogs.get("");
    if (!first) return { told: [] };
    if (!this.isCaller) return { told: first.told.slice(0, 1) };
    const { said, version, contact } = first;
    return { said, version, contact, told: [] };
  }

  /** The dialog with the gateway's tag, for the fork of that name. */
  bound(fork: string, remoteTag: string | undefined): Dialog {
    const dialog = this.dialog(fork);
    if (remoteTag !== undefined) dialog.remoteTag ??= remoteTag;
    return dialog;
  }

  /** Makes the first request of a call. */
  begin(method: string, user: string, callId: string): Request {
    this.isCaller = true;
    this.callId = callId;
    this.localUri = `<sip:4001@${this.address}>`;
    this.remoteUri = `<sip:${user}@${this.#place.gateway}>`;
    this.#beginning = {
      ...this.dialog(""),
      localTag: `${this.peer}-tag-${callId.slice(0, 6)}`,
      localSeq: FIRST_SEQ,
      target: `sip:${user}@${this.#place.gateway}`,
    };
    this.#dialogs.clear();
    return this.#request(method, this.#beginning, FIRST_SEQ);
  }

  /** The next request in a dialog. */
  inside(method: string, fork: string): Request {
    const dialog = this.dialog(fork);
    assert.ok(dialog.target !== "", `there is no dialog for the ${method}`);
    if (method !== "ACK") return this.#request(method, dialog, ++dialog.localSeq);
    const invite = this.sent.get("INVITE");
    assert.ok(invite, "an ACK follows an INVITE");
    const { refused } = this;
    this.refused = undefined;
    if (refused) return this.#hop(invite, "ACK", refused.headers.get("to"));
    return this.#request(method, dialog, invite.cseq.number);
  }

  cancel(): Request {
    const invite = this.sent.get("INVITE");
    assert.ok(invite, "a CANCEL follows an INVITE");
    return this.#hop(invite, "CANCEL", invite.headers.get("to"));
  }

  /** Takes note of the request that begins a call here. */
  begun(request: Request): void {
    this.callId = request.callId;
    this.localUri = withoutTag(request.headers.get("to"));
    this.remoteUri = withoutTag(request.headers.get("from"));
    this.#beginning = {
      ...this.dialog(""),
      localTag: undefined,
      remoteTag: request.from.tag,
      remoteSeq: request.cseq.number,
      target: request.contact?.uri ?? "",
    };
    this.#dialogs.clear();
  }

  /** An offer of ours that was refused leaves what we said before (RFC 3261 §14.1). */
  takeBack(fork: string, asked: Request): void {
    const dialog = this.dialog(fork);
    if (asked.body !== "" && dialog.said === asked.body) dialog.said = dialog.saidBefore;
  }

  answer(status: number, method: string | undefined, fork: string): Response {
    const request = method === undefined ? this.lastGot : this.got.get(method);
    assert.ok(request, `nothing was asked that ${status} could answer`);
    const tag = request.to.tag ?? this.dialog(fork).localTag;
    return responseTo(request, status, undefined, tag);
  }

  #request(method: string, dialog: Dialog, seq: number): Request {
    const headers = new Headers();
    const { transport } = this.#place;
    headers.add("via", `SIP/2.0/${transport} ${this.address}:5060;branch=${this.#place.branch()}`);
    headers.add("max-forwards", "70");
    headers.add("from", `${this.localUri};tag=${dialog.localTag}`);
    const tag = dialog.remoteTag === undefined ? "" : `;tag=${dialog.remoteTag}`;
    headers.add("to", `${this.remoteUri}${tag}`);
    headers.add("call-id", this.callId);
    headers.add("cseq", `${seq} ${method}`);
    if (method !== "ACK" && method !== "BYE") headers.add("contact", dialog.contact);
    return new Request(method, dialog.target, headers);
  }

  /** A request of the INVITE's own hop: CANCEL, or the ACK of a refusal (RFC 3261 §9.1, §17.1.1.3). */
  #hop(invite: Request, method: string, to: string | undefined): Request {
    const headers = new Headers();
    for (const name of ["via", "max-forwards", "from"] as const) {
      headers.add(name, invite.headers.get(name) ?? "");
    }
    headers.add("to", to ?? "");
    headers.add("call-id", invite.callId);
    headers.add("cseq", `${invite.cseq.number} ${method}`);
    return new Request(method, invite.uri, headers);
  }
}

function withoutTag(value = ""): string {
  const address = parseNameAddr(value);
  return address ? `<${address.uri}>` : value;
}
