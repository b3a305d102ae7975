import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base";
import { bindingRequest, isStun, newStunId, parseStunAnswer } from "./stun-binding.ts";

const bytes = (hex: string): string =>
  Buffer.from(hex.replaceAll(/\s/g, ""), "hex").toString("latin1");

/** RFC 5769 §2.2 and §2.3, without what proves them: their mapped addresses. */
const ID = "b7e7a701bc34d686fa87dfae";
const ANSWER_IPV4 = `0101 000c 2112a442 ${ID} 0020 0008 0001 a147 e112a643`;
const ANSWER_IPV6 = `0101 0018 2112a442 ${ID} 0020 0014 0002 a147 0113a9faa5d3f179bc25f4b5bed2b9d9`;

test("a binding request is twenty bytes that no SIP message begins with", () => {
  const id = newStunId(seededRandom(1));
  const request = bindingRequest(id);
  assert.equal(request.length, 20);
  assert.equal(request.slice(0, 8), bytes("00010000 2112a442"));
  assert.ok(isStun(request) && !isStun("OPTIONS") && !isStun("\r\n") && !isStun(""));
});

test("the mapped address is read as RFC 5769 masks it", () => {
  assert.equal(parseStunAnswer(bytes(ANSWER_IPV4))?.mapped, "192.0.2.1:32853");
  const { transactionId, mapped } = parseStunAnswer(bytes(ANSWER_IPV6))!;
  assert.equal(mapped, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
  assert.equal(transactionId, bytes(ID));
});

test("an old server's plain address counts where there is no masked one", () => {
  const plain = `0101 000c 2112a442 ${ID} 0001 0008 0001 8055 c0000201`;
  assert.equal(parseStunAnswer(bytes(plain))?.mapped, "192.0.2.1:32853");
});

test("an error is an answer too, without an address", () => {
  const answer = parseStunAnswer(bytes(`0111 0000 2112a442 ${ID}`));
  assert.deepEqual(answer, { transactionId: bytes(ID), mapped: undefined });
});

for (const [what, hex] of [
  ["a request", `0001 0000 2112a442 ${ID}`],
  ["another cookie", `0101 0000 2112a443 ${ID}`],
  ["a length that isn't its own", `0101 0004 2112a442 ${ID}`],
  ["half a header", "0101 0000 2112a442"],
  ["nothing", ""],
] as const) {
  test(`no answer: ${what}`, () => assert.equal(parseStunAnswer(bytes(hex)), undefined));
}

for (const [what, hex] of [
  ["an attribute that ends beyond the datagram", `0101 0004 2112a442 ${ID} 0020 fff8`],
  ["an address of no family", `0101 000c 2112a442 ${ID} 0020 0008 0009 a147 e112a643`],
  ["an address too short", `0101 0008 2112a442 ${ID} 0020 0004 0001 a147`],
] as const) {
  test(`no address: ${what}`, () => {
    assert.equal(parseStunAnswer(bytes(hex))?.mapped, undefined);
  });
}
