import { AddressTable, parseCidr } from "#base";
import type { Side } from "#sip";
import type { Denied } from "./denied.ts";
import type { DenyList } from "./evidence.ts";

/** A line of a list, with what has been counted of it since, and what the gate looks at. */
export interface Row {
  readonly denied: Denied;
  /** Messages and connections that were dropped, or in a dry run would have been. */
  dropped: number;
  readonly prefix: number;
  /** ANY_PORT where all are meant. */
  readonly port: number;
  readonly isDryRun: boolean;
  /** Those of one second, and which second that is. */
  droppedInWindow: number;
  window: number;
  /** The sockets have dropped for it too, uncounted. */
  wasMuted: boolean;
  /** What else is denied of the same block. */
  next: Row | undefined;
}

const ANY_PORT = -1;

type Lines = ReadonlyMap<string, Row>;

/** Both deny lists: bounded, in the order of their coming, and found by address. */
export class DenyLists {
  readonly #lists: Readonly<Record<DenyList, Map<string, Row>>> = {
    dos: new Map(),
    "brute-force": new Map(),
  };
  /** The first of each block. */
  readonly #blocks: Readonly<Record<Side, AddressTable<Row>>>;

  constructor(seed: number) {
    this.#blocks = { public: new AddressTable(seed), private: new AddressTable(seed) };
  }

  get size(): number {
    return this.#lists.dos.size + this.#lists["brute-force"].size;
  }

  /** The lines of a list, the oldest first. */
  of(list: DenyList): Lines {
    return this.#lists[list];
  }

  /** Takes one in, in the place of what it had of the same source; returns what had to leave. */
  add(denied: Denied, max: number): Row[] {
    const lines = this.#lists[denied.list];
    const same = lines.get(denied.id);
    if (same) this.#remove(same);
    const left = this.shrink(denied.list, max - 1);
    const block = parseCidr(denied.address)!;
    const { [denied.side]: table } = this.#blocks;
    const row: Row = {
      denied,
      dropped: same?.dropped ?? 0,
      prefix: block.prefix,
      port: denied.port ?? ANY_PORT,
      isDryRun: denied.isDryRun,
      droppedInWindow: 0,
      window: 0,
      wasMuted: same?.wasMuted ?? false,
      next: table.get(block),
    };
    lines.set(denied.id, row);
    table.set(block, row);
    return left;
  }

  /** The oldest leave until there are no more than `max`. */
  shrink(list: DenyList, max: number): Row[] {
    const left: Row[] = [];
    for (const row of this.#lists[list].values()) {
      if (this.#lists[list].size <= max) break;
      this.#remove(row);
      left.push(row);
    }
    return left;
  }

  remove(list: DenyList, id: string): Row | undefined {
    const row = this.#lists[list].get(id);
    if (row) this.#remove(row);
    return row;
  }

  /** The line that denies this place, or in a dry run would; of the longest block first. Makes nothing new. */
  find(side: Side, address: string, port: number, isDryRun: boolean): Row | undefined {
    const table = this.#blocks[side];
    for (let first = table.find(address); first; first = table.find(address, first.prefix)) {
      for (let row: Row | undefined = first; row; row = row.next) {
        const isMeant = row.port === ANY_PORT || row.port === port;
        if (isMeant && row.isDryRun === isDryRun) return row;
      }
    }
    return undefined;
  }

  /** All lines that an address is in, whatever the port. */
  covering(side: Side, address: string): Row[] {
    const found: Row[] = [];
    const table = this.#blocks[side];
    for (let first = table.find(address); first; first = table.find(address, first.prefix))
      for (let row: Row | undefined = first; row; row = row.next) found.push(row);
    return found;
  }

  *[Symbol.iterator](): Generator<Row> {
    yield* this.#lists.dos.values();
    yield* this.#lists["brute-force"].values();
  }

  #remove(row: Row): void {
    const { list, id, side, address } = row.denied;
    this.#lists[list].delete(id);
    const block = parseCidr(address)!;
    const first = this.#blocks[side].get(block);
    if (first !== row) {
      let before = first;
      while (before && before.next !== row) before = before.next;
      if (before) before.next = row.next;
    } else if (row.next) this.#blocks[side].set(block, row.next);
    else this.#blocks[side].delete(block);
  }
}
