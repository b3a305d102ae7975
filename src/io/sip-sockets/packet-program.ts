import type { Cidr } from "#base";

/** What a program looks for in a datagram's source: an address or a block, or one port of it. */
export interface Pattern {
  readonly block: Cidr;
  readonly port?: number;
}

/** What a program says of a datagram. */
export interface Verdicts {
  readonly hit: number;
  readonly miss: number;
}

/** The kernel takes no longer ones (BPF_MAXINSNS). */
export const INSTRUCTIONS_MAX = 4096;

/** One instruction of classic BPF: code, jump if true, jump if false, operand. */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const AND = 0x54;
const JUMP = 0x05;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const RETURN = 0x06;

/** Where the IP header begins, whatever is at 0 (SKF_NET_OFF); a datagram's own header is at 0. */
const IP_HEADER = -0x100000;
const SOURCE_AT = { 4: IP_HEADER + 12, 6: IP_HEADER + 8 } as const;
/** A jump on a condition is one byte long. */
const SHORT_JUMP_MAX = 255;
/** So few values are compared one after the other. */
const FEW = 4;

/** Put in its place by `group`, which knows how far the end is. */
const MISS: Instruction = [JUMP, 0, 0, 0];

/**
 * A program of classic BPF (bpf(4), Linux's filter.rst) that looks for datagrams of these sources,
 * all of one family, as four words an instruction. Without patterns all miss.
 */
export function packetProgram(
  family: 4 | 6,
  patterns: readonly Pattern[],
  { hit, miss }: Verdicts,
): Uint32Array {
  const byPrefix = new Map<number, Pattern[]>();
  for (const pattern of patterns) {
    const { prefix } = pattern.block;
    const same = byPrefix.get(prefix);
    if (same) same.push(pattern);
    else byPrefix.set(prefix, [pattern]);
  }
  const groups = [...byPrefix].map(([prefix, some]) => group(family, prefix, some, hit));
  const program = [...groups.flat(), [RETURN, 0, 0, miss]];
  return Uint32Array.from(program.flat());
}

/** Looks for blocks of one length; a miss goes on behind it. */
function group(
  family: 4 | 6,
  prefix: number,
  patterns: readonly Pattern[],
  hit: number,
): Instruction[] {
  const loads: Instruction[][] = [];
  for (let bits = prefix; bits > 0; bits -= 32)
    loads.push(loadOf(SOURCE_AT[family] + 4 * loads.length, bits));
  loads.push([[LOAD_HALF, 0, 0, 0]]);
  const words = Math.ceil(prefix / 32);
  const keys = patterns.map(({ block: { bytes }, port }) => {
    const key = Array.from({ length: words }, (_, i) => wordOf(bytes, i));
    return port === undefined ? key : [...key, port];
  });
  const found = level(keys, 0, loads, [RETURN, 0, 0, hit]);
  return found.map((one, at) => (one === MISS ? [JUMP, 0, 0, found.length - at - 1] : one));
}

function loadOf(at: number, bits: number): Instruction[] {
  const load: Instruction = [LOAD_WORD, 0, 0, at];
  return bits >= 32 ? [load] : [load, [AND, 0, 0, -1 << (32 - bits)]];
}

const wordOf = (bytes: readonly number[], i: number): number =>
  bytes.slice(4 * i, 4 * i + 4).reduce((word, byte) => word * 256 + byte, 0);

/** Compares the part `depth` of keys whose parts before are the same. */
function level(
  keys: readonly (readonly number[])[],
  depth: number,
  loads: readonly Instruction[][],
  hit: Instruction,
): Instruction[] {
  // An address as a whole has all its ports.
  if (keys.some((key) => key.length === depth)) return [hit];
  const same = Map.groupBy(keys, (key) => key[depth]!);
  const branches = [...same]
    .sort(([one], [other]) => one - other)
    .map(([value, those]) => ({ value, found: level(those, depth + 1, loads, hit) }));
  return [...loads[depth]!, ...search(branches)];
}

interface Branch {
  readonly value: number;
  readonly found: readonly Instruction[];
}

/** Finds the branch of a value by halves; they are sorted. */
function search(branches: readonly Branch[]): Instruction[] {
  if (branches.length <= FEW) return oneByOne(branches);
  const half = branches.length >> 1;
  const lower = search(branches.slice(0, half));
  const { value } = branches[half]!;
  const jump: Instruction[] =
    lower.length <= SHORT_JUMP_MAX
      ? [[IF_AT_LEAST, lower.length, 0, value]]
      : [
          [IF_AT_LEAST, 0, 1, value],
          [JUMP, 0, 0, lower.length],
        ];
  return [...jump, ...lower, ...search(branches.slice(half))];
}

function oneByOne(branches: readonly Branch[]): Instruction[] {
  const { length } = branches;
  const [end] = branches[0]!.found;
  if (branches.every(({ found }) => found.length === 1)) {
    const asked = branches.map(({ value }, i): Instruction => [IF_EQUAL, length - i, 0, value]);
    return [...asked, MISS, end!];
  }
  const asked = branches.flatMap(({ value, found }): Instruction[] =>
    found.length <= SHORT_JUMP_MAX
      ? [[IF_EQUAL, 0, found.length, value], ...found]
      : [[IF_EQUAL, 1, 0, value], [JUMP, 0, 0, found.length], ...found],
  );
  return [...asked, MISS];
}
