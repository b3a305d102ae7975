import { AddressTable, parseCidr } from "#base";
import type { Side } from "#sip";
import type { Denied } from "./denied.ts";
import type { DenyList } from "./evidence.ts";

/** A line of a list, with what has been counted of it since. */
export interface Row {
  readonly denied: Denied;
  /** Messages and connections that were dropped, or in a dry run would have been. */
  dropped: number;
}

/** All that is denied of one block. */
interface Slot {
  readonly prefix: number;
  readonly rows: Row[];
}

type Lines = ReadonlyMap<string, Row>;

/** Both deny lists: bounded, in the order of their coming, and found by address. */
export class DenyLists {
  readonly #lists: Readonly<Record<DenyList, Map<string, Row>>> = {
    dos: new Map(),
    "brute-force": new Map(),
  };
  readonly #slots: Readonly<Record<Side, AddressTable<Slot>>>;

  constructor(seed: number) {
    this.#slots = { public: new AddressTable(seed), private: new AddressTable(seed) };
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
    const row: Row = { denied, dropped: same?.dropped ?? 0 };
    lines.set(denied.id, row);
    this.#place(row);
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
    const table = this.#slots[side];
    for (let slot = table.find(address); slot; slot = table.find(address, slot.prefix)) {
      const { rows } = slot;
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        const { denied } = row;
        const isMeant = denied.port === undefined || denied.port === port;
        if (isMeant && denied.isDryRun === isDryRun) return row;
      }
    }
    return undefined;
  }

  /** All lines that an address is in, whatever the port. */
  covering(side: Side, address: string): Row[] {
    const found: Row[] = [];
    const table = this.#slots[side];
    for (let slot = table.find(address); slot; slot = table.find(address, slot.prefix))
      found.push(...slot.rows);
    return found;
  }

  *[Symbol.iterator](): Generator<Row> {
    yield* this.#lists.dos.values();
    yield* this.#lists["brute-force"].values();
  }

  #place(row: Row): void {
    const { side, address } = row.denied;
    const block = parseCidr(address)!;
    const slot = this.#slots[side].get(block);
    if (slot) slot.rows.push(row);
    else this.#slots[side].set(block, { prefix: block.prefix, rows: [row] });
  }

  #remove(row: Row): void {
    const { list, id, side, address } = row.denied;
    this.#lists[list].delete(id);
    const block = parseCidr(address)!;
    const slot = this.#slots[side].get(block)!;
    slot.rows.splice(slot.rows.indexOf(row), 1);
    if (slot.rows.length === 0) this.#slots[side].delete(block);
  }
}
