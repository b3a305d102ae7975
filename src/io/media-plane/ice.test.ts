import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Secret } from "#base";
import type { IceEnd, MediaEvent, Role, Stream } from "#media";
import { checkFrom, stunCheck } from "./ice-peer.ts";
import { type InProcessPlane, startInProcess } from "./in-process.ts";
import {
  freePairs,
  LoopbackPeer,
  ownAddress,
  remoteOf,
  rtpPacket,
  streamBetween,
} from "./loopback-peer.ts";

// A browser's side of ICE against an end of ours: who is answered, and where media goes.

let plane: InProcessPlane;
let events: MediaEvent[];
beforeEach(async () => {
  plane = await startInProcess({ manualClock: true });
  events = [];
  plane.onEvent((event) => events.push(event));
});
afterEach(() => plane.close());

const PASSWORD = "a password of twenty-two";
const CHECK = { username: "ours:theirs", password: PASSWORD } as const;
const NOMINATION = { ...CHECK, nominates: true } as const;
const ICE: IceEnd = { ufrag: "ours", password: new Secret(PASSWORD), remoteUfrag: "theirs" };

/** A plain phone, an end of ours each, and a browser behind a NAT that nobody knows. */
async function call(ice: IceEnd = ICE) {
  const peers = await Promise.all(Array.from({ length: 4 }, () => LoopbackPeer.open()));
  const [plain, browser, mobile, stranger] = peers as [
    LoopbackPeer,
    LoopbackPeer,
    LoopbackPeer,
    LoopbackPeer,
  ];
  const localAddress = ownAddress();
  const [a, b] = await freePairs(2, localAddress);
  const stream = streamBetween({
    caller: { localAddress, port: a!, rtcpPort: a!, ...remoteOf(plain, plain) },
    // What the description says is no address that anybody has.
    callee: { localAddress, port: b!, rtcpPort: b!, remoteAddress: "0.0.0.0", remotePort: 9, ice },
  });
  perform(stream);
  await settle();
  const done = async (): Promise<void> => {
    for (const peer of peers) await peer[Symbol.asyncDispose]();
  };
  const { caller, callee } = stream.ends;
  return { plain, browser, mobile, stranger, stream, caller, callee, [Symbol.asyncDispose]: done };
}

const perform = (stream: Stream): void => plane.perform({ kind: "stream", stream });
/** When all that was sent and said before is done. */
const settle = async (): Promise<void> => {
  await plane.counters([]);
};

async function dropsOf(role: Role): Promise<Readonly<Record<string, number>>> {
  const [counters] = await plane.counters(["call-1:0"]);
  return counters!.ends[role].drops;
}

test("media goes to the pair that the peer nominates, and comes from checked addresses", async () => {
  await using way = await call();
  await way.plain.send(rtpPacket(1), way.caller);
  const answer = await checkFrom(way.browser, way.callee, CHECK);
  assert.deepEqual(answer, { authentic: true, mappedPort: way.browser.port });
  await way.plain.send(rtpPacket(2), way.caller);
  await settle();
  await checkFrom(way.browser, way.callee, NOMINATION);
  await way.plain.send(rtpPacket(3), way.caller);
  assert.deepEqual((await way.browser.next()).bytes, rtpPacket(3));
  await way.browser.send(rtpPacket(4), way.callee);
  assert.deepEqual((await way.plain.next()).bytes, rtpPacket(4));
  assert.deepEqual(await dropsOf("caller"), { "no-target": 2 });
  assert.deepEqual(events, [
    {
      kind: "latched",
      id: "call-1:0",
      role: "callee",
      address: "127.0.0.1",
      port: way.browser.port,
    },
  ]);
});

test("a later nomination moves the pair", async () => {
  await using way = await call();
  await checkFrom(way.browser, way.callee, NOMINATION);
  await checkFrom(way.mobile, way.callee, NOMINATION);
  await way.plain.send(rtpPacket(1), way.caller);
  assert.deepEqual((await way.mobile.next()).bytes, rtpPacket(1));
  assert.equal(way.browser.waiting, 0);
});

test("a peer that nominates without end is followed, and told of a few times a second", async () => {
  await using way = await call();
  for (let i = 0; i < 20; i++) {
    await checkFrom(way.browser, way.callee, NOMINATION);
    await checkFrom(way.mobile, way.callee, NOMINATION);
  }
  await settle();
  assert.equal(events.length, 4);
  await way.plain.send(rtpPacket(1), way.caller);
  assert.deepEqual((await way.mobile.next()).bytes, rtpPacket(1));
  plane.advance(1000);
  await settle();
  await checkFrom(way.browser, way.callee, NOMINATION);
  await settle();
  assert.equal(events.length, 5);
});

test("who doesn't know the password is neither answered nor heard (attack cases E1, E4)", async () => {
  await using way = await call();
  const guesses = [
    { ...NOMINATION, password: "another password of 22" },
    { ...NOMINATION, username: "ours:else" },
    { ...NOMINATION, username: "theirs:ours" },
  ];
  for (const guess of guesses) await way.stranger.send(stunCheck(guess), way.callee);
  const cut = stunCheck(NOMINATION).subarray(0, 40);
  await way.stranger.send(cut, way.callee);
  await way.stranger.send(rtpPacket(1), way.callee);
  await checkFrom(way.browser, way.callee, NOMINATION);
  await way.stranger.send(rtpPacket(2), way.callee);
  await way.plain.send(rtpPacket(3), way.caller);
  await way.browser.next();
  assert.equal(way.stranger.waiting, 0);
  assert.equal(way.plain.waiting, 0);
  assert.deepEqual(await dropsOf("callee"), { unauthentic: 4, "foreign-source": 2 });
});

test("a check that was overheard moves nothing (attack case E1)", async () => {
  await using way = await call();
  const check = stunCheck(NOMINATION);
  await way.browser.send(check, way.callee);
  await way.browser.next();
  await way.stranger.send(check, way.callee);
  await way.plain.send(rtpPacket(1), way.caller);
  assert.deepEqual((await way.browser.next()).bytes, rtpPacket(1));
  assert.equal(way.stranger.waiting, 0);
  assert.deepEqual(await dropsOf("callee"), { replayed: 1 });
});

test("a role conflict is the peer's to solve", async () => {
  await using way = await call();
  const answer = await checkFrom(way.browser, way.callee, { ...NOMINATION, controlled: true });
  assert.deepEqual(answer, { authentic: true, error: 487 });
  await way.plain.send(rtpPacket(1), way.caller);
  assert.deepEqual(await dropsOf("caller"), { "no-target": 1 });
});

test("without a check for thirty seconds nothing is sent any more, until the next", async () => {
  await using way = await call();
  await checkFrom(way.browser, way.callee, NOMINATION);
  plane.advance(29_999);
  await settle();
  await way.plain.send(rtpPacket(1), way.caller);
  await way.browser.next();
  plane.advance(1);
  await settle();
  await way.plain.send(rtpPacket(2), way.caller);
  assert.deepEqual(await dropsOf("caller"), { "no-target": 1 });
  await checkFrom(way.browser, way.callee, CHECK);
  await way.plain.send(rtpPacket(3), way.caller);
  assert.deepEqual((await way.browser.next()).bytes, rtpPacket(3));
});

test("after a restart the former pair serves until the new one is nominated", async () => {
  await using way = await call();
  await checkFrom(way.browser, way.callee, NOMINATION);
  const next = "another one of twenty-two";
  const ice: IceEnd = { ufrag: "anew", password: new Secret(next), remoteUfrag: "reep" };
  const { stream } = way;
  perform({ ...stream, ends: { ...stream.ends, callee: { ...way.callee, ice } } });
  await settle();
  await way.plain.send(rtpPacket(1), way.caller);
  assert.deepEqual((await way.browser.next()).bytes, rtpPacket(1));
  const anew = { username: "anew:reep", password: next };
  await checkFrom(way.mobile, way.callee, anew);
  await checkFrom(way.browser, way.callee, CHECK);
  await checkFrom(way.mobile, way.callee, { ...anew, nominates: true });
  await way.plain.send(rtpPacket(2), way.caller);
  assert.deepEqual((await way.mobile.next()).bytes, rtpPacket(2));
  await way.browser.send(stunCheck(CHECK), way.callee);
  assert.deepEqual(await dropsOf("callee"), { unauthentic: 1 });
});

test("a check that is faster than the answer is answered", async () => {
  await using way = await call({ ufrag: ICE.ufrag, password: ICE.password });
  await checkFrom(way.browser, way.callee, NOMINATION);
  perform(way.stream);
  perform({ ...way.stream, ends: { ...way.stream.ends, callee: { ...way.callee, ice: ICE } } });
  await settle();
  await way.plain.send(rtpPacket(1), way.caller);
  assert.deepEqual((await way.browser.next()).bytes, rtpPacket(1));
});

test("ICE that could be guessed, or has two ports, is refused by name", async () => {
  await using way = await call();
  const refused = async (id: string, others: object): Promise<unknown> => {
    const callee = { ...way.callee, ...others };
    perform({ ...way.stream, id, ends: { ...way.stream.ends, callee } });
    await settle();
    return events.pop();
  };
  const short = { ufrag: "ours", password: new Secret("short") };
  const failed = (id: string, why: string) => ({ kind: "failed", id, why });
  assert.deepEqual(await refused("x", { ice: short }), failed("x", "ice-credentials"));
  const rtcpPort = way.callee.port + 1;
  assert.deepEqual(await refused("y", { rtcpPort }), failed("y", "no-rtcp-mux"));
});
