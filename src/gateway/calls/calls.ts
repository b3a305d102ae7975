import type { Instant } from "#base";
import { end } from "#ends";
import type { Role } from "#media";
import type { Flow } from "#sip";
import type { Request } from "#sip-message";
import type { ServerTransaction } from "#sip-transactions";
import { Call, type CallKeeper, type Dialling } from "./call.ts";
import { refusal } from "./crossing.ts";
import type { Crossing } from "./forks.ts";
import { Relay } from "./relay.ts";
import type { DialogIds, OtherDialog, Switchboard } from "./setup.ts";

/** All calls: finds a request's call by our own tag, and hands it to the right leg. */
export class Calls implements CallKeeper, DialogIds {
  readonly #board: Switchboard;
  readonly #byTag = new Map<string, Call>();
  readonly #byId = new Map<string, Call>();

  readonly #ended: (callId: string) => void;

  /** `ended` is told of each call once, when its record is written. */
  constructor(board: Switchboard, ended: (callId: string) => void) {
    this.#board = board;
    this.#ended = ended;
  }

  /** Calls that are dialling or answered. */
  get count(): number {
    return this.#byId.size;
  }

  /** The tags of ours that are known, of calls and of what calls still wait for. */
  get tags(): number {
    return this.#byTag.size;
  }

  find(id: string): Call | undefined {
    return this.#byId.get(id);
  }

  [Symbol.iterator](): IterableIterator<Call> {
    return this.#byId.values();
  }

  open(dialling: Dialling, now: Instant): void {
    const call = new Call(this.#board, this, dialling, now);
    this.#byId.set(call.id, call);
    call.start(now);
  }

  claim(tag: string, call: Call): void {
    this.#byTag.set(tag, call);
  }

  ended(call: Call): void {
    this.#ended(call.id);
  }

  release(call: Call, tags: readonly string[]): void {
    this.#byId.delete(call.id);
    for (const tag of tags) this.#byTag.delete(tag);
  }

  /** Whether a request stands in a dialog of ours: our own tag is the proof, nobody guesses it. */
  knows(request: Request, flow: Flow): boolean {
    return this.#owner(request, flow) !== undefined;
  }

  /** A request with a To tag. False when it belongs to no call of ours. */
  receive(transaction: ServerTransaction, request: Request, flow: Flow, now: Instant): boolean {
    const found = this.#owner(request, flow);
    // Of a call that is over no more than its end can be said.
    if (!found || (found.call.isOver && request.method !== "BYE")) return false;
    const { call, role, fork, from, to } = found;
    from.flow = flow;
    if (request.method === "BYE") this.#bye(call, role, transaction, request, now);
    else {
      const refused = new Relay(this.#board, this, {
        call,
        role,
        fork,
        from,
        to,
        transaction,
        request,
      }).start(now);
      if (refused)
        this.#board.transactions.respond(transaction, refusal(this.#board, request, refused), now);
    }
    return true;
  }

  /** The ACK of a 2xx: of the first INVITE or of a re-INVITE. */
  acknowledge(ack: Request, flow: Flow, now: Instant): void {
    const found = this.#owner(ack, flow);
    if (!found) return;
    const { call, from } = found;
    from.flow = flow;
    if (call.renegotiation?.awaits(ack, from)) call.renegotiation.acknowledge(ack, now);
    else if (from === call.chosen?.caller) call.acknowledge(ack, now);
  }

  across(callId: string, toTag: string, fromTag: string): OtherDialog | undefined {
    const call = this.#byTag.get(toTag);
    const found = call?.crossing(toTag, fromTag);
    if (!call || call.isOver || found?.from.dialog.callId !== callId) return undefined;
    return { from: found.from, to: found.to, trunk: call.trunk };
  }

  /**
   * Whose request it is, even where the call is over and only waits for an ACK. A leg belongs to
   * its side: who knows its ids on the other one may not speak in it.
   */
  #owner(request: Request, flow: Flow): (Crossing & { call: Call }) | undefined {
    const tag = request.to.tag;
    const call = tag === undefined ? undefined : this.#byTag.get(tag);
    const found = call?.crossing(tag!, request.from.tag);
    if (!call || !found) return undefined;
    const { dialog, side } = found.from;
    return dialog.callId === request.callId && side === flow.side ? { call, ...found } : undefined;
  }

  #bye(call: Call, by: Role, transaction: ServerTransaction, bye: Request, now: Instant): void {
    const done = refusal(this.#board, bye, end("completed"));
    done.headers.delete("warning");
    this.#board.transactions.respond(transaction, done, now);
    // RFC 3261 §15: before the answer it means what CANCEL does.
    const isCancel = call.state === "dialling" && by === "caller";
    call.hangUp(end(isCancel ? "cancelled" : "completed"), by, now, { bye });
  }
}
