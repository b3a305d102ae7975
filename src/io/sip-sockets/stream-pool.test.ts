import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { connect as tlsConnect } from "node:tls";
import { Secret } from "#base";
import { type KeyedCertificate, selfSigned } from "#certificates";
import type { Destination, Side } from "#sip";
import type { Listener, SocketLimits, TlsSettings } from "./configuration.ts";
import { RecordedEvents } from "./recorded-events.ts";
import { SipSockets } from "./sip-sockets.ts";

const certificateOf = (name: string): KeyedCertificate =>
  selfSigned({
    commonName: name,
    names: [name],
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 3_600_000),
  });
const [alpha, beta] = [certificateOf("alpha.example"), certificateOf("beta.example")];

const settingsOf = (own: KeyedCertificate, more: Partial<TlsSettings> = {}): TlsSettings => ({
  ...own,
  minVersion: "TLSv1.2",
  ...more,
});

const listener = (transport: "tcp" | "tls", side: Side = "public"): Listener => ({
  side,
  transport,
  address: "127.0.0.1",
  port: 0,
  dscp: 0,
});

async function open(
  transport: "tcp" | "tls",
  { tls, limits }: { tls?: TlsSettings; limits?: Partial<SocketLimits> } = {},
) {
  const events = new RecordedEvents();
  const sockets = await SipSockets.open(
    {
      listeners: [listener(transport)],
      ...(tls && { tls: { public: tls } }),
      ...(limits && { limits }),
    },
    events,
  );
  const { port } = sockets.listening[0]!;
  const to: Destination = { side: "public", transport, address: "127.0.0.1", port };
  return { events, sockets, port, to };
}

const message = (body: string): string =>
  `MESSAGE sip:a@b SIP/2.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** A bare peer: what it reads, piece by piece, and how it ends. */
function bare(port: number): Socket {
  const socket = connect(port, "127.0.0.1").setEncoding("latin1");
  socket.on("error", () => {});
  return socket;
}

const ended = (peer: Socket): Promise<"closed"> =>
  new Promise((resolve) => {
    if (peer.closed) resolve("closed");
    else peer.resume().once("close", () => resolve("closed"));
  });

test("one connection carries all that goes to one destination", async () => {
  const one = await open("tcp");
  const other = await open("tcp");
  for (const body of ["1", "2", "3"]) one.sockets.send(other.to, message(body), body);
  const flows = new Set<string>();
  for (const body of ["1", "2", "3"]) {
    const { flow, text } = await other.events.next("received");
    assert.equal(text, message(body));
    flows.add(flow.id);
  }
  assert.equal(flows.size, 1);
  assert.equal(one.sockets.connections, 1);
  await one.sockets.close();
  const closed = await other.events.next("closed");
  assert.ok(flows.has(closed.flow.id));
  assert.equal(closed.why, "closed by the peer");
  await other.sockets.close();
});

test("D3: places are kept for peers, by the side that they connect to", async () => {
  for (const side of ["public", "private"] as const) {
    const events = new RecordedEvents();
    const sockets = await SipSockets.open(
      {
        listeners: [listener("tcp")],
        limits: { connectionsMax: 1, reservedPercent: 100 },
        isPeer: (of, address) => of === side && address === "127.0.0.1",
      },
      events,
    );
    const peer = bare(sockets.listening[0]!.port);
    if (side === "public") {
      peer.write(message("hello"));
      await events.next("received");
    } else {
      assert.match((await events.next("refused")).refusal.why, /strangers/);
    }
    peer.destroy();
    await sockets.close();
  }
});

test("a TLS connection that is refused tells why", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const { events, sockets, to } = await open("tls", { tls: settingsOf(alpha) });
  sockets.send({ ...to, port }, message("1"), "a");
  assert.equal((await events.next("send-failed")).why, "ECONNREFUSED");
  assert.equal(sockets.connections, 0);
  await sockets.close();
});

test("what was not sent when a connection fails is told, each with its tag", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const { events, sockets, to } = await open("tcp");
  sockets.send({ ...to, port }, message("1"), "a");
  sockets.send({ ...to, port }, message("2"));
  sockets.send({ ...to, port }, message("3"), "b");
  for (const tag of ["a", "b"]) {
    const failed = await events.next("send-failed");
    assert.deepEqual([failed.tag, failed.why, failed.to.port], [tag, "ECONNREFUSED", port]);
  }
  assert.deepEqual(events.left, []);
  sockets.send({ ...to, address: "sip.example.org" }, message("4"), "c");
  assert.equal((await events.next("send-failed")).why, "no address");
  sockets.send({ ...to, side: "private" }, message("5"), "d");
  assert.equal((await events.next("send-failed")).why, "no listener for this side and family");
  assert.equal(sockets.connections, 0);
  await sockets.close();
});

test("a peer that accepts and never shakes hands doesn't keep what is meant for it", async () => {
  const silent = createServer((socket) => socket.on("error", () => {}).resume());
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const { events, sockets, to } = await open("tls", {
    tls: settingsOf(alpha),
    limits: { handshakeMs: 30 },
  });
  sockets.send({ ...to, port }, message("1"), "a");
  sockets.send({ ...to, port }, message("2"), "b");
  const failed = [await events.next("send-failed"), await events.next("send-failed")];
  assert.deepEqual(
    failed.map(({ tag, why }) => [tag, why]),
    [
      ["a", "handshake too slow"],
      ["b", "handshake too slow"],
    ],
  );
  await sockets.close();
  silent.close();
  await once(silent, "close");
});

test("a peer that ended its connection gets another one", async () => {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { events, sockets, to } = await open("tcp");
  for (const body of ["1", "2"]) {
    const accepted = once(server, "connection");
    sockets.send({ ...to, port }, message(body), body);
    const [peer] = (await accepted) as [Socket];
    await once(peer, "data");
    peer.end();
    assert.equal((await events.next("closed")).why, "closed by the peer");
    await ended(peer);
  }
  assert.deepEqual(events.left, []);
  await sockets.close();
  server.close();
});

test("a peer that doesn't read fills a bounded queue", async () => {
  const { events, sockets, port, to } = await open("tcp", { limits: { outQueueBytesMax: 50_000 } });
  const peer = bare(port).pause();
  peer.write(message("hello"));
  const { flow } = await events.next("received");
  const back = { ...to, port: flow.remotePort, flow: flow.id };
  let sent = 0;
  let failed: string | undefined;
  void events.next("send-failed").then(({ why }) => {
    failed = why;
  });
  // The system's own buffers take some megabytes first.
  while (failed === undefined && sent < 100_000) {
    sockets.send(back, message("x".repeat(1000)), `${sent}`);
    sent += 1;
    if (sent % 50 === 0) await new Promise(setImmediate);
  }
  assert.equal(failed, "queue full");
  peer.destroy();
  await events.next("closed");
  await sockets.close();
});

test("a ping is answered with a pong, and a half one is not", async () => {
  const { events, sockets, port } = await open("tcp");
  const peer = bare(port);
  peer.write(`\r\n${message("hello")}\r\n`);
  await events.next("received");
  peer.write("\r\n");
  const [pong] = await once(peer, "data");
  assert.equal(pong, "\r\n");
  await events.next("keep-alive");
  peer.destroy();
  await events.next("closed");
  await sockets.close();
});

test("a ping of ours is answered by the other end, or ends the flow", async () => {
  const one = await open("tcp", { limits: { pongMs: 30 } });
  const other = await open("tcp");
  const peer = bare(one.port);
  peer.write(message("silent from now on"));
  const { flow } = await one.events.next("received");
  one.sockets.ping(flow.id);
  const closed = await one.events.next("closed");
  assert.deepEqual([closed.flow.id, closed.why], [flow.id, "ping unanswered"]);

  one.sockets.send(other.to, message("hello"));
  const { flow: there } = await other.events.next("received");
  one.sockets.ping("tcp-none");
  other.sockets.ping(there.id);
  await one.events.next("keep-alive");
  // The pong arrived before this, on the same stream.
  one.sockets.send(other.to, message("still there"));
  assert.equal((await other.events.next("received")).text, message("still there"));
  await one.sockets.close();
  assert.equal((await other.events.next("closed")).why, "closed by the peer");
  await other.sockets.close();
});

const half = message("half").slice(0, -1);
const slow: readonly (readonly [string, string, Partial<SocketLimits>, string])[] = [
  ["says nothing", "", { firstMessageMs: 20 }, "no message in time"],
  ["only keeps alive", "\r\n\r\n", { firstMessageMs: 20 }, "no message in time"],
  ["never ends its first message", half, { firstMessageMs: 20 }, "no message in time"],
  ["never ends its second", message("1") + half, { firstMessageMs: 300 }, "message too slow"],
  ["falls idle", message("hello"), { idleS: 0.02 }, "idle"],
];

for (const [name, text, limits, why] of slow) {
  test(`a connection that ${name} is closed by name`, async () => {
    const { events, sockets, port } = await open("tcp", { limits });
    const peer = bare(port);
    peer.write(text);
    assert.equal((await events.next("closed")).why, why);
    await ended(peer);
    await sockets.close();
  });
}

test("a stream that can't be framed is closed with the fault's name", async () => {
  const { events, sockets, port } = await open("tcp");
  const peer = bare(port);
  peer.write("OPTIONS sip:a SIP/2.0\r\nContent-Length: 5\r\nl: 0\r\n\r\nhello");
  assert.equal((await events.next("closed")).why, "content-length-ambiguous");
  await sockets.close();
  assert.deepEqual(events.left, []);
});

test("D3: connections over the limits are refused, and their places are given back", async () => {
  const limits = { connectionsMax: 3, connectionsPerSourceMax: 2 };
  for (const transport of ["tcp", "tls"] as const) {
    const { events, sockets, port } = await open(transport, { limits, tls: settingsOf(alpha) });
    const peers = [bare(port), bare(port), bare(port)];
    const { refusal } = await events.next("refused");
    assert.deepEqual(refusal, {
      side: "public",
      transport,
      address: "127.0.0.1",
      why: "too many connections of one source",
    });
    for (const peer of peers) peer.destroy();
    await Promise.all(peers.map(ended));
    // A place is free once we have seen the end too: then a message comes through.
    for (let place = 0; place < 2; place++) {
      const secured = transport === "tls" ? { rejectUnauthorized: false } : undefined;
      const through = events.next("received").then(() => "through" as const);
      for (let outcome = ""; outcome !== "through"; ) {
        const peer = secured ? tlsConnect({ port, host: "127.0.0.1", ...secured }) : bare(port);
        peer.on("error", () => {});
        peer.write(message("in"));
        outcome = await Promise.race([through, ended(peer)]);
      }
    }
    await sockets.close();
  }
});

test("B4: a TLS connection goes there and back, and is not used for another name", async () => {
  const server = await open("tls", { tls: settingsOf(beta) });
  const client = await open("tls", { tls: settingsOf(alpha, { ca: beta.certificate }) });
  const named = { ...server.to, serverName: "beta.example" };
  client.sockets.send(named, message("hello"), "a");
  const { flow, text } = await server.events.next("received");
  assert.equal(text, message("hello"));
  assert.equal(flow.transport, "tls");
  server.sockets.send({ ...server.to, port: flow.remotePort, flow: flow.id }, message("back"));
  const back = await client.events.next("received");
  assert.equal(back.text, message("back"));

  // Another name is another connection, and this one's certificate doesn't bear it.
  client.sockets.send({ ...server.to, serverName: "gamma.example" }, message("no"), "b");
  const failed = await client.events.next("send-failed");
  assert.deepEqual([failed.tag, failed.why], ["b", "ERR_TLS_CERT_ALTNAME_INVALID"]);
  assert.equal(client.sockets.connections, 1);
  await client.sockets.close();
  await server.sockets.close();
});

test("TLS: what a peer must prove is a setting", async () => {
  const server = await open("tls", { tls: settingsOf(beta) });
  const outcome = async (settings: Partial<TlsSettings>, serverName?: string): Promise<string> => {
    const { sockets, events } = await open("tls", { tls: settingsOf(alpha, settings) });
    sockets.send({ ...server.to, ...(serverName && { serverName }) }, message("hello"), "a");
    const ended = await Promise.race([server.events.next("received"), events.next("send-failed")]);
    await sockets.close();
    return ended.kind === "received" ? "sent" : ended.why;
  };
  // A race leaves the loser waiting, so each way to pass comes last.
  assert.equal(await outcome({}, "beta.example"), "DEPTH_ZERO_SELF_SIGNED_CERT");
  assert.equal(await outcome({ verify: "chain" }), "DEPTH_ZERO_SELF_SIGNED_CERT");
  await server.sockets.close();
  for (const [settings, name] of [
    [{}, undefined],
    [{ verify: "none" }, "gamma.example"],
    [{ verify: "chain", ca: beta.certificate }, "gamma.example"],
    [{ verify: "name", ca: beta.certificate }, "beta.example"],
  ] as const) {
    const { sockets, events } = await open("tls", { tls: settingsOf(alpha, settings) });
    const fresh = await open("tls", { tls: settingsOf(beta) });
    sockets.send({ ...fresh.to, ...(name && { serverName: name }) }, message("hello"), "a");
    assert.equal((await fresh.events.next("received")).text, message("hello"));
    await sockets.close();
    await fresh.sockets.close();
    assert.deepEqual(
      events.left.filter(({ kind }) => kind === "send-failed"),
      [],
    );
  }
});

test("B4: a TLS flow that ended is opened again with the same name to prove", async () => {
  const server = await open("tls", { tls: settingsOf(beta) });
  const client = await open("tls", { tls: settingsOf(alpha, { ca: beta.certificate }) });
  client.sockets.send({ ...server.to, serverName: "beta.example" }, message("hello"));
  const { flow: there } = await server.events.next("received");
  server.sockets.send({ ...server.to, port: there.remotePort, flow: there.id }, message("back"));
  const { flow } = await client.events.next("received");
  client.sockets.closeFlow(flow.id, "test");
  await client.events.next("closed");
  // Another one has taken the address: it gets nothing of what was meant for beta.
  await server.sockets.apply({
    listeners: [listener("tls")],
    tls: { public: settingsOf(alpha) },
  });
  client.sockets.send({ ...server.to, flow: flow.id }, message("secret"), "a");
  const { why } = await client.events.next("send-failed");
  assert.equal(why, "DEPTH_ZERO_SELF_SIGNED_CERT");
  await client.sockets.close();
  await server.sockets.close();
});

test("TLS: mutual means that a peer without a trusted certificate is refused", async () => {
  const settings = settingsOf(beta, { mutual: true, ca: alpha.certificate });
  const server = await open("tls", { tls: settings });
  const trusted = await open("tls", { tls: settingsOf(alpha) });
  trusted.sockets.send(server.to, message("hello"));
  assert.equal((await server.events.next("received")).text, message("hello"));
  const stranger = await open("tls", { tls: settingsOf(beta) });
  stranger.sockets.send(server.to, message("hello"));
  const { refusal } = await server.events.next("refused");
  assert.equal(refusal.transport, "tls");
  await Promise.all([server, trusted, stranger].map(({ sockets }) => sockets.close()));
  assert.deepEqual(
    server.events.left.filter(({ kind }) => kind === "received"),
    [],
  );
});

test("TLS: a new certificate serves the next connection, the standing one goes on", async () => {
  const server = await open("tls", { tls: settingsOf(alpha) });
  const shown = async (): Promise<[string, Socket]> => {
    const socket = tlsConnect({ port: server.port, host: "127.0.0.1", rejectUnauthorized: false });
    await once(socket, "secureConnect");
    return [String(socket.getPeerCertificate().subject.CN), socket];
  };
  const [first, standing] = await shown();
  assert.equal(first, "alpha.example");
  await server.sockets.apply({ listeners: [listener("tls")], tls: { public: settingsOf(beta) } });
  const [second, next] = await shown();
  assert.equal(second, "beta.example");
  standing.write(message("still here"));
  assert.equal((await server.events.next("received")).text, message("still here"));
  standing.destroy();
  next.destroy();
  await server.sockets.close();
});

test("D4: TLS: an older version and a renegotiation are refused", async () => {
  const server = await open("tls", { tls: settingsOf(alpha, { minVersion: "TLSv1.3" }) });
  const options = { port: server.port, host: "127.0.0.1", rejectUnauthorized: false };
  const old = tlsConnect({ ...options, maxVersion: "TLSv1.2" });
  await once(old, "error");
  assert.match((await server.events.next("refused")).refusal.why, /VERSION|PROTOCOL/);
  await server.sockets.apply({ listeners: [listener("tls")], tls: { public: settingsOf(alpha) } });
  const again = tlsConnect({ ...options, maxVersion: "TLSv1.2" });
  await once(again, "secureConnect");
  const answer = await new Promise((resolve) => {
    again.on("error", resolve);
    again.renegotiate({}, resolve);
  });
  assert.ok(answer instanceof Error);
  again.destroy();
  await server.sockets.close();
});

test("D4: TLS: a handshake that doesn't come to its end is refused", async () => {
  const { events, sockets, port } = await open("tls", {
    tls: settingsOf(alpha),
    limits: { handshakeMs: 30 },
  });
  const silent = bare(port);
  assert.equal((await events.next("refused")).refusal.why, "ERR_TLS_HANDSHAKE_TIMEOUT");
  silent.destroy();
  const garbage = bare(port);
  garbage.write("OPTIONS sip:a SIP/2.0\r\n\r\n");
  assert.match((await events.next("refused")).refusal.why, /SSL/);
  garbage.destroy();
  await sockets.close();
});

test("TLS without a certificate, or with one that is none, is no configuration", async () => {
  const listeners = [listener("tls")];
  const events = new RecordedEvents();
  await assert.rejects(SipSockets.open({ listeners }, events), {
    code: "tls",
    message: /there is no certificate/,
  });
  const wrong = settingsOf({ certificate: alpha.certificate, key: new Secret("none") });
  await assert.rejects(SipSockets.open({ listeners, tls: { public: wrong } }, events), {
    code: "tls",
  });
});
