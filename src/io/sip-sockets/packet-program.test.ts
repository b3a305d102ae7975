import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type AddressBytes, cidrContains, parseAddress, parseCidr, printAddress } from "#base";
import { INSTRUCTIONS_MAX, type Pattern, packetProgram } from "./packet-program.ts";

const VERDICTS = { hit: 0, miss: 0xffff_ffff };
const IP_HEADER = -0x100000;

/** What the kernel would say of a datagram from there: its interpreter, as far as it is needed. */
function verdict(program: Uint32Array, from: AddressBytes, port: number): number {
  const sourceAt = IP_HEADER + (from.length === 4 ? 12 : 8);
  let a = 0;
  for (let at = 0; ; at += 1) {
    const [code, ifTrue, ifFalse, k] = program.subarray(4 * at, 4 * at + 4) as unknown as number[];
    switch (code) {
      case 0x20:
        a = [0, 1, 2, 3].reduce((word, i) => word * 256 + from[(k! | 0) - sourceAt + i]!, 0);
        break;
      case 0x28:
        assert.equal(k, 0, "the source port comes first");
        a = port;
        break;
      case 0x54:
        a = (a & k!) >>> 0;
        break;
      case 0x05:
        at += k!;
        break;
      case 0x15:
        at += a === k ? ifTrue! : ifFalse!;
        break;
      case 0x35:
        at += a >= k! ? ifTrue! : ifFalse!;
        break;
      case 0x06:
        return k!;
      default:
        assert.fail(`no instruction at ${at}: ${code}`);
    }
  }
}

const patternOf = (text: string, port?: number): Pattern => {
  const block = parseCidr(text)!;
  return port === undefined ? { block } : { block, port };
};

const covers = ({ block, port = undefined }: Pattern, from: AddressBytes, of: number): boolean =>
  cidrContains(block, from) && (port === undefined || port === of);

function drops(family: 4 | 6, patterns: readonly Pattern[], from: string, port: number): boolean {
  return verdict(packetProgram(family, patterns, VERDICTS), parseAddress(from)!, port) === 0;
}

test("a program without patterns keeps everything", () => {
  assert.deepEqual([...packetProgram(4, [], VERDICTS)], [6, 0, 0, 0xffff_ffff]);
});

test("an address with all its ports, a port of another one, and nothing else", () => {
  const patterns = [
    patternOf("203.0.113.5"),
    patternOf("10.0.0.1", 5060),
    patternOf("10.0.0.1", 9),
  ];
  assert.ok(drops(4, patterns, "203.0.113.5", 1));
  assert.ok(drops(4, patterns, "10.0.0.1", 5060));
  assert.ok(drops(4, patterns, "10.0.0.1", 9));
  assert.equal(drops(4, patterns, "10.0.0.1", 5061), false);
  assert.equal(drops(4, patterns, "203.0.113.4", 5060), false);
});

test("IPv6: a block beside an address in it and a port of one beyond", () => {
  const patterns = [
    patternOf("2001:db8:0:1::/64"),
    patternOf("2001:db8:0:1::9"),
    patternOf("2001:db8:0:2::9", 7),
  ];
  assert.ok(drops(6, patterns, "2001:db8:0:1:ffff::1", 1));
  assert.ok(drops(6, patterns, "2001:db8:0:2::9", 7));
  assert.equal(drops(6, patterns, "2001:db8:0:2::9", 8), false);
  assert.equal(drops(6, patterns, "2001:db8:0:3::9", 7), false);
});

const byte = fc.constantFrom(0, 1, 127, 128, 255);
const family = fc.constantFrom<4 | 6>(4, 6);
const port = fc.integer({ min: 1, max: 3 });
const bytesOf = (of: 4 | 6) => {
  const length = of === 4 ? 4 : 16;
  return fc.array(byte, { minLength: length, maxLength: length });
};
const written = (of: 4 | 6) => {
  const prefix = of === 4 ? fc.constantFrom(32, 32, 8, 0) : fc.constantFrom(128, 64, 64, 33);
  return fc.record({ bytes: bytesOf(of), prefix, port: fc.option(port, { nil: undefined }) });
};

test("it drops what a look at each pattern finds", () => {
  const asked = family.chain((of) =>
    fc.record({
      of: fc.constant(of),
      patterns: fc.array(written(of), { maxLength: 60 }),
      from: bytesOf(of),
      port,
      nth: fc.nat(),
    }),
  );
  fc.assert(
    fc.property(asked, ({ of, patterns: texts, from, port: at, nth }) => {
      const patterns = texts.flatMap(({ bytes, prefix, port: only }) => {
        const block = parseCidr(`${printAddress(bytes)}/${prefix}`);
        const isMeant = block?.bytes.length === bytes.length;
        return isMeant ? [only === undefined ? { block } : { block, port: only }] : [];
      });
      const program = packetProgram(of, patterns, VERDICTS);
      for (const source of [from, patterns[nth % patterns.length]?.block.bytes ?? from]) {
        const isMeant = patterns.some((pattern) => covers(pattern, source, at));
        assert.equal(verdict(program, source, at) === 0, isMeant);
      }
    }),
    { numRuns: 1000 },
  );
});

test("five hundred ports of IPv4 addresses fit into what the kernel takes, and all are found", () => {
  const patterns = Array.from({ length: 512 }, (_, i) =>
    patternOf(`${(i * 97) & 255}.${i >> 8}.7.${i & 255}`, 5060 + i),
  );
  const program = packetProgram(4, patterns, VERDICTS);
  assert.ok(program.length / 4 <= INSTRUCTIONS_MAX, String(program.length / 4));
  for (const { block, port: only } of patterns) {
    assert.equal(verdict(program, block.bytes, only!), 0);
    assert.notEqual(verdict(program, block.bytes, only! - 1), 0);
  }
});
