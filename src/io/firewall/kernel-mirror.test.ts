import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Denied, DenyList } from "#security";
import { KernelMirror } from "./kernel-mirror.ts";

const LISTENERS = [
  { side: "public", address: "198.51.100.1", transport: "udp", port: 5060, dscp: 24 },
  { side: "private", address: "2001:db8::1", transport: "tls", port: 5061, dscp: 24 },
] as const;
const PLACE = { table: "passerelle", listeners: LISTENERS };

const denied = (id: string, more: Partial<Denied> = {}): Denied => {
  const [side, address, port] = id.split(" ");
  return {
    ...{ version: 1, list: "dos", rule: "flood", sinceMs: 0, counts: {}, evidence: [] },
    ...{ id, side: side as Denied["side"], address: address!, isDryRun: false },
    ...(port === undefined ? {} : { port: Number(port) }),
    ...more,
  };
};

/** A mirror whose kernel writes down what it is told, or fails. */
function mirrorOf(t: TestContext, lines: readonly Denied[] = []) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const told: string[] = [];
  const log: string[] = [];
  const kernel = { why: undefined as string | undefined };
  const mirror = new KernelMirror({
    log: (line) => log.push(line),
    now: Date.now,
    lines: () => lines,
    nft: async (text) => {
      told.push(text);
      return kernel.why;
    },
  });
  /** Lets gathered changes go, and what is under way end. */
  const passes = async (ms: number) => {
    t.mock.timers.tick(ms);
    for (let i = 0; i < 20; i++) await Promise.resolve();
    return told.splice(0).join("");
  };
  return { mirror, told, log, kernel, passes };
}

test("the table stands before the ports of SIP, with the lines that block", async (t) => {
  const { mirror, told, log } = mirrorOf(t, [
    denied("public 192.0.2.1", { untilMs: 30_000 }),
    denied("public 192.0.2.2 5070"),
    denied("private 2001:db8:1::/64"),
    denied("private 2001:db8:2::9", { isDryRun: true }),
  ]);
  await mirror.place(PLACE);
  const text = told.join("");
  assert.match(text, /ip daddr 198\.51\.100\.1 udp dport 5060 ip saddr @public4 counter drop/);
  assert.match(
    text,
    /ip6 daddr 2001:db8::1 tcp dport 5061 ip6 saddr & ffff:ffff:ffff:ffff:: @privateblock/,
  );
  assert.match(text, /^add element inet passerelle public4 \{ 192\.0\.2\.1 timeout 30s \}$/m);
  assert.match(text, /^add element inet passerelle public4port \{ 192\.0\.2\.2 \. 5070 \}$/m);
  assert.match(text, /^add element inet passerelle privateblock \{ 2001:db8:1:: \}$/m);
  assert.doesNotMatch(text, /2001:db8:2::9/);
  assert.deepEqual(mirror.state, { kind: "on" });
  assert.equal(log.length, 1);
});

test("a line that comes is told with its end; one whose time is up is taken out", async (t) => {
  const { mirror, passes } = mirrorOf(t);
  await mirror.place(PLACE);
  await passes(0);
  mirror.deny(denied("public 192.0.2.1", { untilMs: 60_000 }));
  assert.equal(await passes(99), "");
  assert.match(
    await passes(1),
    /\nadd element inet passerelle public4 \{ 192\.0\.2\.1 timeout 60s \}\n$/,
  );
  mirror.deny(denied("public 192.0.2.3", { untilMs: 120 }));
  assert.match(await passes(100), /delete element inet passerelle public4 \{ 192\.0\.2\.3 \}\n$/);
});

test("who leaves one list and stands in the other stays out", async (t) => {
  const { mirror, passes } = mirrorOf(t);
  await mirror.place(PLACE);
  const both: DenyList[] = ["dos", "brute-force"];
  for (const list of both) mirror.deny(denied("public 192.0.2.1", { list }));
  await passes(100);
  mirror.forgive("dos", "public 192.0.2.1");
  assert.match(await passes(100), /\nadd element inet passerelle public4 \{ 192\.0\.2\.1 \}\n$/);
  mirror.forgive("brute-force", "public 192.0.2.1");
  assert.match(await passes(100), /\ndelete element inet passerelle public4 \{ 192\.0\.2\.1 \}\n$/);
});

test("where the kernel refuses, it is told once, and tried again whole", async (t) => {
  const { mirror, kernel, log, passes } = mirrorOf(t, [denied("public 192.0.2.1")]);
  kernel.why = "Operation not permitted";
  await mirror.place(PLACE);
  assert.deepEqual(mirror.state, { kind: "unavailable", why: "Operation not permitted" });
  mirror.deny(denied("public 192.0.2.2"));
  await passes(60_000);
  assert.equal(log.length, 1);
  kernel.why = undefined;
  assert.match(await passes(60_000), /public4 \{ 192\.0\.2\.2 \}/);
  assert.deepEqual(mirror.state, { kind: "on" });
  assert.equal(log.length, 2);
});

test("of a copy that failed half way nothing stays", async (t) => {
  const { mirror, told, kernel } = mirrorOf(t, [denied("public 192.0.2.1")]);
  let left = 1;
  Object.defineProperty(kernel, "why", { get: () => (left-- > 0 ? undefined : "No space left") });
  await mirror.place(PLACE);
  assert.equal(mirror.state.kind, "unavailable");
  assert.equal(told.at(-1), "add table inet passerelle\ndelete table inet passerelle\n");
});

test("a change that fails has the table made anew", async (t) => {
  const { mirror, kernel, passes } = mirrorOf(t);
  await mirror.place(PLACE);
  await passes(0);
  kernel.why = "No such file or directory";
  mirror.deny(denied("public 192.0.2.1"));
  await passes(100);
  kernel.why = undefined;
  const text = await passes(60_000);
  assert.match(text, /^add table inet passerelle\ndelete table inet passerelle\ntable inet/);
  assert.match(text, /public4 \{ 192\.0\.2\.1 \}/);
});

test("closing takes the table away", async (t) => {
  const { mirror, passes } = mirrorOf(t);
  await mirror.place(PLACE);
  await passes(0);
  mirror.deny(denied("public 192.0.2.1"));
  await mirror.close();
  assert.equal(await passes(1000), "add table inet passerelle\ndelete table inet passerelle\n");
  assert.deepEqual(mirror.state, { kind: "off" });
});
