import { spawn } from "node:child_process";
import type { Denied, DenyList } from "#security";
import type { Listener } from "#settings";
import { addition, dropTable, emptyTable, type Mirrored, removal } from "./nft-text.ts";

/** Changes of the lists go to the kernel together, after so long. */
const GATHER_MS = 100;
/** What failed is tried again, whole. */
const AGAIN_MS = 60_000;
/** A program that takes longer than this for one slice hangs. */
const PATIENCE_MS = 30_000;
/** Lines that one program takes: their text is made in a few milliseconds. */
const SLICE = 1000;

/** What of the deny lists the kernel has. */
export type MirrorState =
  | { readonly kind: "off" }
  | { readonly kind: "on" }
  | { readonly kind: "unavailable"; readonly why: string };

/** What the mirror needs of the node around it. */
export interface MirrorOwner {
  readonly log: (line: string) => void;
  /** The clock that the ends of lines are told by, in ms. */
  readonly now: () => number;
  /** The lines of both deny lists, as they are now. */
  readonly lines: () => Iterable<Denied>;
  /** Takes what `nft -f -` takes; why it failed, or undefined. For tests another one than nft. */
  readonly nft?: (text: string) => Promise<string | undefined>;
}

/** What the table is for: its name, and the sockets that it stands before. */
export interface MirrorPlace {
  readonly table: string;
  readonly listeners: readonly Listener[];
}

/**
 * A copy of the deny lists in a table of nftables of its own, so that what is denied doesn't even
 * reach the sockets. The lists stay the truth: where the kernel doesn't take them, the gate alone
 * drops. Lines leave the copy by themselves at their end, also when this process is no more.
 */
export class KernelMirror {
  readonly #owner: MirrorOwner;
  readonly #nft: (text: string) => Promise<string | undefined>;
  #place: MirrorPlace | undefined;
  #state: MirrorState = { kind: "off" };
  /** What blocks, by list and source: a source may stand in both lists. */
  readonly #lines = new Map<string, Mirrored>();
  /** Sources that the kernel has to be told of, by their ids. */
  readonly #changed = new Map<string, Mirrored>();
  #timer: NodeJS.Timeout | undefined;
  /** One program at a time, in turn. */
  #work: Promise<void> = Promise.resolve();

  constructor(owner: MirrorOwner) {
    this.#owner = owner;
    this.#nft = owner.nft ?? runNft;
  }

  get state(): MirrorState {
    return this.#state;
  }

  /** Puts the table there, or in another place's stead; undefined takes it away. */
  place(place: MirrorPlace | undefined): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#place;
      this.#place = place;
      const isOn = this.#state.kind === "on";
      this.#rest({ kind: "off" });
      this.#lines.clear();
      if (isOn && before) await this.#nft(dropTable(before.table));
      if (!place) return;
      for (const line of this.#owner.lines())
        if (!line.isDryRun) this.#lines.set(nameOf(line.list, line.id), line);
      await this.#load("off");
    });
  }

  /** Takes away what a former process may have left, where no table is wanted any more. */
  sweep(table: string): Promise<void> {
    return this.#inTurn(async () => void (await this.#nft(dropTable(table))));
  }

  /** A line has come, or has another end. */
  deny(denied: Denied): void {
    if (!this.#place || denied.isDryRun) return;
    this.#lines.set(nameOf(denied.list, denied.id), denied);
    this.#change(denied.id, denied);
  }

  /** A line has left its list. */
  forgive(list: DenyList, id: string): void {
    const line = this.#lines.get(nameOf(list, id));
    if (!line) return;
    this.#lines.delete(nameOf(list, id));
    this.#change(id, line);
  }

  /** Takes the table away. */
  close(): Promise<void> {
    return this.place(undefined);
  }

  #change(id: string, source: Mirrored): void {
    if (this.#state.kind !== "on") return;
    this.#changed.set(id, source);
    this.#timer ??= setTimeout(() => void this.#inTurn(() => this.#flush()), GATHER_MS);
  }

  async #flush(): Promise<void> {
    this.#timer = undefined;
    const { table } = this.#place ?? {};
    if (table === undefined) return;
    const changed = [...this.#changed];
    this.#changed.clear();
    for (let at = 0; at < changed.length; at += SLICE) {
      const texts = changed.slice(at, at + SLICE).map(([id, source]) => {
        const line = this.#lineOf(id);
        return line ? addition(table, line, this.#owner.now()) : removal(table, source);
      });
      // Whoever has changed the table by hand has it made anew.
      if ((await this.#nft(texts.join(""))) !== undefined) return this.#load("on");
    }
  }

  /** What denies a source for longest. */
  #lineOf(id: string): Mirrored | undefined {
    const lines = (["dos", "brute-force"] as const).flatMap(
      (list) => this.#lines.get(nameOf(list, id)) ?? [],
    );
    const endOf = ({ untilMs = Number.POSITIVE_INFINITY }: Mirrored): number => untilMs;
    return lines.sort((one, other) => endOf(other) - endOf(one))[0];
  }

  /** The table, and then all lines, in slices; what changes meanwhile is told after them. */
  async #load(before: MirrorState["kind"]): Promise<void> {
    const { table, listeners } = this.#place!;
    this.#rest({ kind: "on" });
    let why = await this.#nft(emptyTable(table, listeners));
    let texts: string[] = [];
    for (const line of this.#lines.values()) {
      if (why !== undefined) break;
      texts.push(addition(table, line, this.#owner.now()));
      if (texts.length < SLICE) continue;
      why = await this.#nft(texts.join(""));
      texts = [];
    }
    if (why === undefined && texts.length > 0) why = await this.#nft(texts.join(""));
    if (why !== undefined) return this.#fail(why, before);
    if (before !== "on")
      this.#owner.log(`denied sources are dropped by nftables too (table inet ${table})`);
  }

  async #fail(why: string, before: MirrorState["kind"]): Promise<void> {
    if (before !== "unavailable")
      this.#owner.log(`denied sources are dropped by the gateway alone, not by nftables: ${why}`);
    this.#rest({ kind: "unavailable", why });
    // Half a copy would grow old, with nobody to take out of it who is forgiven.
    await this.#nft(dropTable(this.#place!.table));
    this.#timer = setTimeout(() => void this.#inTurn(() => this.#again()), AGAIN_MS).unref();
  }

  async #again(): Promise<void> {
    this.#timer = undefined;
    if (this.#place && this.#state.kind === "unavailable") await this.#load("unavailable");
  }

  #rest(state: MirrorState): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changed.clear();
    this.#state = state;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work);
    return this.#work;
  }
}

/** Where nft stands, which is in few users' own paths. */
const STANDS_IN = "/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/bin";

const nameOf = (list: DenyList, id: string): string => `${list} ${id}`;

/** A program of its own: what it does never holds up the loop. */
function runNft(text: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const program = spawn("nft", ["-f", "-"], {
      stdio: ["pipe", "ignore", "pipe"],
      timeout: PATIENCE_MS,
      env: { PATH: STANDS_IN },
    });
    let said = "";
    program.stderr.setEncoding("utf8").on("data", (more: string) => {
      if (said.length < 1000) said += more;
    });
    program.on("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "ENOENT" ? "nft is not installed" : error.message),
    );
    program.on("close", (code, signal) => {
      const why = said.trim().split("\n")[0] || `nft ended with ${code ?? signal}`;
      resolve(code === 0 ? undefined : why);
    });
    // It may have gone before it has read all; its end tells.
    program.stdin.on("error", () => {});
    program.stdin.end(text);
  });
}
