import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  answer,
  callee,
  caller,
  expect,
  IPV4,
  missing,
  pause,
  type Sipp,
  Site,
  sdp,
  send,
  startSipp,
} from "../lab/index.ts";

// The first peer of a trunk stops without a word, in each way that a process can, before any health
// check has noticed: every call finds the second.

const CALLS = 10;
const PATIENCE_MS = 20_000;

const media = { body: sdp() };
const completed = caller([
  send("INVITE", media),
  expect(100, { optional: true }),
  expect(180),
  expect(200),
  send("ACK"),
  pause(100),
  send("BYE"),
  expect(200),
]);
const accepting = callee([
  expect("INVITE"),
  answer("180 Ringing"),
  answer("200 OK", media),
  expect("ACK"),
  expect("BYE"),
  answer("200 OK"),
]);
const ringingUntilCancelled = callee([
  expect("INVITE"),
  answer("180 Ringing"),
  expect("CANCEL"),
  answer("200 OK"),
  answer("487 Request Terminated", { of: "INVITE" }),
  expect("ACK"),
]);

describe("the first peer of a trunk stops", { skip: missing("sipp") }, () => {
  let site: Site;
  before(async () => {
    site = await Site.open();
    await site.startGateway({
      trunks: [
        {
          name: "operator",
          peers: [
            { host: IPV4.operator, port: 5060, transport: "udp", priority: 1 },
            { host: IPV4.operatorSpare, port: 5060, transport: "udp", priority: 2 },
          ],
        },
      ],
      more: { sip: { timings: { tryNextMs: 500 } } },
    });
  });
  after(() => site?.close());

  const startFirst = (scenario: string): Promise<Sipp> =>
    startSipp({
      host: site.operator,
      address: IPV4.operator,
      port: 5060,
      scenario,
      calls: CALLS,
    });

  /** All calls are made by the PBX and answered by the second peer. */
  const allReachTheSecond = async (): Promise<void> => {
    const load = { calls: CALLS, callsPerSecond: 5, patienceMs: PATIENCE_MS };
    const { from, to } = await site.call(
      "outbound",
      { scenario: completed, ...load },
      { scenario: accepting, address: IPV4.operatorSpare, mediaPort: 6_100, ...load },
    );
    assert.deepEqual(
      [from.counts(), to.counts()].map(({ successful, failed }) => ({ successful, failed })),
      [
        { successful: CALLS, failed: 0 },
        { successful: CALLS, failed: 0 },
      ],
    );
  };

  test("it has ended and its port is closed: no call is lost", async () => {
    const first = await startFirst(accepting);
    await first.program.stop("SIGKILL");
    await allReachTheSecond();
  });

  test("it is frozen: no call is lost, and what it hears when it goes on is taken back", async () => {
    const first = await startFirst(ringingUntilCancelled);
    first.program.freeze();
    await allReachTheSecond();
    first.program.thaw();
    const { successful, failed } = await first.done(PATIENCE_MS);
    assert.deepEqual({ successful, failed }, { successful: CALLS, failed: 0 });
  });
});
