import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { answer, callee, caller, expect, missing, pause, Site, sdp, send } from "../lab/index.ts";

const CALLS = 200;
const CALLS_PER_SECOND = 50;
const HOLD_MS = 1_000;
const PATIENCE_MS = 30_000;

describe("load", { skip: missing("sipp") }, () => {
  let site: Site;
  before(async () => {
    site = await Site.open();
    await site.startGateway();
  });
  after(() => site?.close());

  test(`${CALLS} calls at ${CALLS_PER_SECOND} a second all go through`, async () => {
    const media = { body: sdp() };
    const load = { calls: CALLS, callsPerSecond: CALLS_PER_SECOND, patienceMs: PATIENCE_MS };
    const calling = await site.load(
      "inbound",
      {
        ...load,
        scenario: caller([
          send("INVITE", media),
          expect(100, { optional: true }),
          expect(180),
          expect(200),
          send("ACK"),
          pause(HOLD_MS),
          send("BYE"),
          expect(200),
        ]),
      },
      {
        ...load,
        scenario: callee([
          expect("INVITE"),
          answer("180 Ringing"),
          answer("200 OK", media),
          expect("ACK"),
          expect("BYE"),
          answer("200 OK"),
        ]),
      },
    );
    const { successful, failed } = calling.counts();
    assert.deepEqual({ successful, failed }, { successful: CALLS, failed: 0 });
  });
});
