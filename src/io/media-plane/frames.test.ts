import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "#base";
import { CommandFrames, EventFrames } from "./frames.ts";
import { streamBetween } from "./loopback-peer.ts";
import type { PlaneWord } from "./plane-word.ts";

const frame = (kind: number, ...payload: number[]): number[] => [
  payload.length & 0xff,
  payload.length >> 8,
  kind,
  ...payload,
];
const text = (value: string): number[] => [value.length, ...Buffer.from(value, "latin1")];
const count = (value: number): number[] => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return [...bytes];
};

const names = [...text("not-rtp"), ...text("foreign")];
const HELLO = frame(
  ...[1, 9, 0, 1, 2, 0, 0, 1, 0, 0, 0, 0x88, 0x13, 0, 0, 2],
  ...[...names, ...text("AB:CD"), ...text("EF"), ...text("off"), ...text("no")],
);
const end = (first: number, ...drops: number[]): number[] => [
  ...[first, 2, 3, 4, 0, 5, 6, 7, 8, 1.5, -1, 0, -1].flatMap(count),
  first === 1 ? 111 : 255,
  ...drops,
];
const account = (packetsIn: number, drops: object, more: object = {}): object => ({
  ...{
    packetsIn,
    bytesIn: 2,
    rtcpIn: 3,
    packetsOut: 4,
    packetsByKernel: 0,
    lost: 5,
    reordered: 6,
    duplicates: 7,
  },
  ...{ dtmfEvents: 8, jitterMs: 1.5, roundTripMs: 0, drops, ...more },
});
const CLOSED = frame(5, 7, 0, 0, 0, 1, ...end(1, 1, 1, ...count(9)), ...end(2 ** 40, 0));
const LATCHED = frame(2, 7, 0, 0, 0, 1, ...text("::1"), 0x40, 0x1f);

/** What is said of a stream, once it has an id. */
const told = (word: PlaneWord): unknown => (word.kind === "event" ? word.of("x") : word);

test("words come whole, wherever the bytes are cut", () => {
  const bytes = Buffer.from([...HELLO, ...LATCHED, ...CLOSED]);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const frames = new EventFrames();
    const words = [...frames.read(bytes.subarray(0, cut)), ...frames.read(bytes.subarray(cut))];
    assert.deepEqual(words.map(told), [
      {
        kind: "hello",
        pid: 513,
        streams: 1,
        callsMax: 5000,
        fingerprint: "AB:CD",
        fingerprint384: "EF",
        kernelFault: "off",
        xdpFault: "no",
      },
      { kind: "latched", id: "x", role: "callee", address: "::1", port: 8000 },
      {
        kind: "closed",
        counters: {
          id: "x",
          ends: {
            caller: account(1, { foreign: 9 }, { payloadType: 111 }),
            callee: account(2 ** 40, {}),
          },
        },
      },
    ]);
  }
});

test("a batch of figures comes part by part, and the last says so", () => {
  const stream = (slot: number): number[] => [slot, 0, 0, 0, ...end(1, 0), ...end(2, 0)];
  const bytes = [...HELLO, ...frame(8, 0, ...stream(3), ...stream(4)), ...frame(8, 1)];
  const [, part, last] = new EventFrames().read(Buffer.from(bytes));
  assert.ok(part?.kind === "figures" && last?.kind === "figures");
  assert.deepEqual([part.isLast, last.isLast, last.streams], [false, true, []]);
  assert.deepEqual(
    part.streams.map(({ slot, of }) => [slot, of("x").ends.callee]),
    [3, 4].map((slot) => [slot, account(2, {})]),
  );
});

test("another version or another language is an error, not a guess", () => {
  assert.throws(
    () => new EventFrames().read(Buffer.from(frame(1, 10, 0, 1, 0, 0, 0))),
    /another version/,
  );
  assert.throws(() => new EventFrames().read(Buffer.from(frame(99))), /another language/);
});

test("a stream's command says all of it, and an unknown place is left empty", () => {
  const frames = new CommandFrames();
  assert.equal(frames.empty, true);
  const suite = "AEAD_AES_128_GCM";
  const keySalt = new Secret(Buffer.alloc(28, 7).toString("base64"));
  const inbound = { suite, keySalt, mki: { value: 258, bytes: 4 } } as const;
  const srtp = { inbound, outbound: { suite, keySalt } } as const;
  const format = (payloadType: number, encoding: string) => ({
    payloadType,
    encoding,
    clockHz: 8000,
  });
  const [pcma, press, cn] = [format(8, "pcma"), format(101, "telephone-event"), format(13, "cn")];
  const wishes = {
    caller: { port: 2, srtp, formats: [cn, pcma] },
    callee: {
      port: 4,
      formats: [pcma, press],
      bundle: { mid: "v", midId: 4, ssrcs: [258, 0xffff_ffff] },
    },
  };
  frames.stream(3, streamBetween(wishes, { silenceS: 0.5 }));
  frames.close(3);
  frames.figures(5);
  frames.outlive(60);
  const ours = (port: number): number[] => [...text("127.0.0.1"), port, 0, port + 1, 0];
  const nowhere = [0, 0, 0, 0, 0, 0, 46];
  const key = [5, ...Buffer.alloc(28, 7)];
  const keys = [...key, 4, 2, 1, 0, 0, ...key, 0, 0, 0, 0, 0];
  const silence = [0xf4, 1, 0, 0];
  const hz8000 = [0x40, 0x1f, 0, 0];
  const voice = [8, 0, ...hz8000];
  const events = [101, 1, ...hz8000];
  const noise = [13, 2, ...hz8000];
  // What each end sends: first as the other's description has it.
  const [sent, back] = [
    [3, ...voice, ...events, ...noise],
    [3, ...noise, ...voice, ...events],
  ];
  const noIce = [0, 0, 0];
  const noDtls = 0;
  const alone = 0;
  const bundled = [...text("v"), 4, 2, 2, 1, 0, 0, 255, 255, 255, 255];
  const ends = [
    [...ours(2), ...nowhere, ...keys, ...sent, ...noIce, noDtls, alone],
    [...ours(4), ...nowhere, 0, 0, ...back, ...noIce, noDtls, ...bundled],
  ].flat();
  assert.deepEqual(
    [...frames.take()],
    [
      ...frame(1, 3, 0, 0, 0, ...text("call-1:0"), 0, ...silence, ...ends),
      ...frame(2, 3, 0, 0, 0),
      ...frame(6, 0x88, 0x13, 0, 0),
      ...frame(8, 0x60, 0xea, 0, 0),
    ],
  );
  assert.equal(frames.empty, true);
});

test("an end's credentials of ICE and the peer's fingerprints are told", () => {
  const frames = new CommandFrames();
  const ice = { ufrag: "ours", password: new Secret("a secret"), remoteUfrag: "theirs" };
  const value = Array(32).fill("AB").join(":");
  const dtls = { role: "passive", fingerprints: [{ hash: "sha-256", value }] } as const;
  frames.stream(3, streamBetween({ caller: { port: 2, ice, dtls }, callee: { port: 4 } }));
  const told = [...text("ours"), ...text("a secret"), ...text("theirs")];
  const expected = Buffer.from([...told, 2, 1, 1, ...Array<number>(32).fill(0xab)]);
  assert.ok(frames.take().includes(expected));
});

test("what becomes of an end's keys is told", () => {
  const bytes = [
    ...frame(9, 7, 0, 0, 0, 1, 6),
    ...frame(10, 7, 0, 0, 0, 0, ...text("dtls-closed")),
    ...frame(4, 7, 0, 0, 0, 1, ...text("dtls-fingerprint")),
    ...frame(4, 7, 0, 0, 0, 2, ...text("port-in-use")),
  ];
  assert.deepEqual(new EventFrames().read(Buffer.from(bytes)).map(told), [
    { kind: "secured", id: "x", role: "callee", suite: "AEAD_AES_256_GCM" },
    { kind: "unsecured", id: "x", role: "caller", why: "dtls-closed" },
    { kind: "failed", id: "x", role: "callee", why: "dtls-fingerprint" },
    { kind: "failed", id: "x", why: "port-in-use" },
  ]);
});

test("a plane that was found tells of its streams", () => {
  const bytes = frame(11, 7, 0, 0, 0, ...text("call-1.2"));
  const words = new EventFrames().read(Buffer.from(bytes));
  assert.deepEqual(words, [{ kind: "inventory", slot: 7, id: "call-1.2" }]);
});

test("any number of commands waits for the end of a turn", () => {
  const frames = new CommandFrames();
  for (let slot = 0; slot < 10_000; slot++) frames.close(slot);
  assert.equal(frames.take().length, 70_000);
});
