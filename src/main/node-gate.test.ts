import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import type { Fact } from "#facts";
import { type Settings, validateSettings } from "#settings";
import { GatewayNode } from "./node.ts";

const folder = mkdtempSync(join(tmpdir(), "passerelle-gate-"));
after(() => rmSync(folder, { recursive: true }));

const PORT = 15_971;

const settingsOf = (security: object): Settings => {
  const { settings, errors } = validateSettings({
    securedInterface: "no",
    publicLocal: { address: "127.0.0.1", plainPort: PORT },
    privateLocal: { address: "127.0.0.1", plainPort: PORT + 1 },
    pbx: { host: "127.0.0.9", port: 15_985, optionsIntervalS: 0 },
    media: { outliveS: 0 },
    security,
  });
  assert.deepEqual(errors, undefined);
  return settings!;
};

type Told = Extract<Fact, { kind: "source-denied" }>;

async function started(context: TestContext, settings: Settings, data: string) {
  const lines: string[] = [];
  const denied = Promise.withResolvers<Told>();
  const node = await GatewayNode.start(settings, data, {
    log: (line) => lines.push(line),
    fact: (fact) => {
      if (fact.kind === "source-denied") denied.resolve(fact);
    },
  });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= node.close();
    return closed;
  };
  context.after(close);
  return { node, lines, denied: denied.promise, close };
}

const OPTIONS = (branch: number): string =>
  [
    "OPTIONS sip:100@127.0.0.1 SIP/2.0",
    `Via: SIP/2.0/UDP 127.0.0.5;branch=z9hG4bK${branch}`,
    "From: <sip:x@127.0.0.5>;tag=1",
    "To: <sip:100@127.0.0.1>",
    `Call-ID: ${branch}@127.0.0.5`,
    "CSeq: 1 OPTIONS",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");

test("a real flood comes on to the list, is told of in one line, and the list survives a restart", {
  timeout: 30_000,
}, async (context) => {
  const data = join(folder, "lists");
  const settings = settingsOf({ dos: { requests: 20, windowS: 10 } });
  const first = await started(context, settings, data);
  const peer = createSocket("udp4").bind(0, "127.0.0.5");
  await once(peer, "listening");
  context.after(() => peer.close());
  for (let i = 0; i < 60; i++) peer.send(OPTIONS(i), PORT, "127.0.0.1");
  const { denied } = await first.denied;
  const { port } = peer.address();
  assert.deepEqual(
    [denied.side, denied.address, denied.port, denied.rule],
    ["public", "127.0.0.5", port, "flood"],
  );
  const line = `127.0.0.5 port ${port} (public) denied for 3600 s: flood of requests`;
  assert.deepEqual(
    first.lines.filter((each) => each.includes("denied")),
    [line],
  );
  await first.close();
  const second = await started(context, settings, data);
  const [kept] = [...second.node.gateway.denied("dos")];
  assert.deepEqual(kept, { ...denied, dropped: 0 });
  assert.equal(second.node.gateway.admits("public", "127.0.0.5", port), false);
});

/** What the sockets at PORT have not kept, as /proc/net/udp says in its last column. */
function droppedByKernel(): number {
  const at = `:${PORT.toString(16).toUpperCase()} `;
  const lines = readFileSync("/proc/net/udp", "latin1").split("\n");
  return lines
    .filter((line) => line.includes(at))
    .reduce((sum, line) => sum + Number(line.trim().split(/\s+/).at(-1)), 0);
}

test("D1: who goes on flooding is dropped by the socket, and reaches it again once forgiven", {
  timeout: 30_000,
}, async (context) => {
  const settings = settingsOf({ dos: { requests: 20, windowS: 10 } });
  const { node } = await started(context, settings, join(folder, "muted"));
  const peer = createSocket("udp4").bind(0, "127.0.0.7");
  await once(peer, "listening");
  context.after(() => peer.close());
  const sendMany = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++)
      await new Promise((resolve) => peer.send(OPTIONS(i), PORT, "127.0.0.1", resolve));
    // The gateway is in this process: it gets its turn.
    await new Promise(setImmediate);
  };
  while (node.gateway.sizes.muted === 0) await sendMany(50);
  const before = droppedByKernel();
  await sendMany(50);
  assert.equal(droppedByKernel(), before + 50);
  await node.apply(settingsOf({ allowList: [{ address: "127.0.0.7" }] }));
  assert.equal(node.gateway.sizes.muted, 0);
  await sendMany(50);
  assert.equal(droppedByKernel(), before + 50);
});

test("level allow-list: a stranger's connection is reset, an allowed one's is taken", {
  timeout: 30_000,
}, async (context) => {
  const settings = settingsOf({ level: "allow-list", allowList: [{ address: "127.0.0.6" }] });
  await started(context, settings, join(folder, "strict"));
  const outcome = async (localAddress: string): Promise<string> => {
    const socket = connect({ host: "127.0.0.1", port: PORT, localAddress });
    // A keep-alive, which is answered at once (RFC 5626 §3.5.1).
    socket.once("connect", () => socket.write("\r\n\r\n"));
    socket.on("error", () => {});
    const said = await new Promise<string>((resolve) => {
      socket.once("data", () => resolve("answered"));
      socket.once("close", () => resolve("closed"));
    });
    socket.destroy();
    return said;
  };
  assert.equal(await outcome("127.0.0.5"), "closed");
  assert.equal(await outcome("127.0.0.6"), "answered");
});
