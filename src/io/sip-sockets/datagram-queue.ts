import type { Datagrams } from "#native";
import type { Destination } from "#sip";

/** Datagrams that may wait while the system has no room; more are refused. */
const QUEUE_MAX = 10_000;
/** What has gone is let go when it is so many: a queue may be busy for hours. */
const GONE_MAX = 1_000;
/** How long the system is given to make room. */
const BUSY_MS = 1;

/**
 * What leaves a socket in one turn of the loop: all of it in few system calls, and a peer on the
 * same machine is woken once and not for each message.
 */
export class DatagramQueue {
  readonly #socket: Datagrams;
  readonly #failed: (to: Destination, tag: string | undefined, why: string) => void;
  #texts: string[] = [];
  #hosts: string[] = [];
  #ports: number[] = [];
  #meant: { readonly to: Destination; readonly tag: string | undefined }[] = [];
  /** The first that hasn't gone. */
  #from = 0;
  #isPlanned = false;

  constructor(
    socket: Datagrams,
    failed: (to: Destination, tag: string | undefined, why: string) => void,
  ) {
    this.#socket = socket;
    this.#failed = failed;
  }

  put(to: Destination, text: string, tag: string | undefined): void {
    if (this.#texts.length - this.#from >= QUEUE_MAX) {
      process.nextTick(() => this.#failed(to, tag, "ENOBUFS"));
      return;
    }
    this.#texts.push(text);
    this.#hosts.push(to.address);
    this.#ports.push(to.port);
    this.#meant.push({ to, tag });
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    process.nextTick(() => this.#flush());
  }

  /** Sends what there is room for; the rest is lost, as datagrams may be. */
  close(): void {
    this.#flush();
    this.#clear();
  }

  #flush(): void {
    while (this.#from < this.#texts.length) {
      const [settled, error] = this.#socket.send(this.#texts, this.#hosts, this.#ports, this.#from);
      if (settled === 0) {
        setTimeout(() => this.#flush(), BUSY_MS);
        return;
      }
      this.#from += settled;
      const last = this.#meant[this.#from - 1]!;
      if (error !== undefined) this.#failed(last.to, last.tag, error);
      if (this.#from >= GONE_MAX) this.#forgetGone();
    }
    this.#clear();
    this.#isPlanned = false;
  }

  #forgetGone(): void {
    for (const list of [this.#texts, this.#hosts, this.#ports, this.#meant]) {
      list.splice(0, this.#from);
    }
    this.#from = 0;
  }

  #clear(): void {
    this.#texts = [];
    this.#hosts = [];
    this.#ports = [];
    this.#meant = [];
    this.#from = 0;
  }
}
