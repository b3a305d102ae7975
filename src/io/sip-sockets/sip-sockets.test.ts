import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { Destination, Side, Transport } from "#sip";
import type { Listener } from "./configuration.ts";
import { RecordedEvents } from "./recorded-events.ts";
import { SipSockets } from "./sip-sockets.ts";

const listener = (
  transport: Transport,
  address = "127.0.0.1",
  side: Side = "public",
): Listener => ({
  side,
  transport,
  address,
  port: 0,
  dscp: 0,
});

/** Two gateways' sockets, one listener each, and how the first reaches the second. */
async function pair(one: Listener, other: Listener = one) {
  const events = { one: new RecordedEvents(), other: new RecordedEvents() };
  const sockets = {
    one: await SipSockets.open({ listeners: [one] }, events.one),
    other: await SipSockets.open({ listeners: [other] }, events.other),
  };
  const [there] = sockets.other.listening;
  const { side, transport, address } = other;
  const to: Destination = { side, transport, address, port: there!.port };
  const close = () => Promise.all([sockets.one.close(), sockets.other.close()]);
  return { events, sockets, to, close };
}

const message = (body: string): string =>
  `MESSAGE sip:a@b SIP/2.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

for (const transport of ["udp", "tcp"] as const) {
  for (const address of ["127.0.0.1", "::1"]) {
    test(`${transport} over ${address}: there and back on the same flow, every byte as it was`, async () => {
      const { events, sockets, to, close } = await pair(listener(transport, address));
      const bytes = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("");
      sockets.one.send(to, message(bytes), "z9hG4bK1");
      const { flow, text } = await events.other.next("received");
      assert.equal(text, message(bytes));
      assert.equal(flow.transport, transport);
      assert.equal(flow.remoteAddress, address);
      assert.equal(flow.localPort, to.port);

      const back = { ...to, port: flow.remotePort, address: flow.remoteAddress, flow: flow.id };
      sockets.other.send(back, message("back"));
      const answer = await events.one.next("received");
      assert.equal(answer.text, message("back"));
      assert.equal(answer.flow.remotePort, to.port);
      await close();
      assert.deepEqual(
        events.one.left.filter(({ kind }) => kind === "send-failed"),
        [],
      );
    });
  }
}

test("a datagram leaves from the side's own socket, of the destination's family", async () => {
  const events = new RecordedEvents();
  const listeners = [
    listener("udp", "127.0.0.1", "public"),
    listener("udp", "127.0.0.1", "private"),
    listener("udp", "::1", "private"),
  ];
  const sockets = await SipSockets.open({ listeners }, events);
  const [onPublic, onPrivate, onPrivate6] = sockets.listening;
  const to = {
    side: "public",
    transport: "udp",
    address: "127.0.0.1",
    port: onPrivate!.port,
  } as const;
  sockets.send(to, message("1"));
  const first = await events.next("received");
  assert.deepEqual([first.flow.side, first.flow.remotePort], ["private", onPublic!.port]);
  sockets.send({ ...to, side: "private", address: "::1", port: onPrivate6!.port }, message("2"));
  assert.equal((await events.next("received")).flow.remotePort, onPrivate6!.port);

  sockets.send({ ...to, address: "::1" }, message("3"), "z9");
  const failed = await events.next("send-failed");
  assert.deepEqual([failed.tag, failed.why], ["z9", "no listener for this side and family"]);
  await sockets.close();
});

test("of two sockets of a side, the flow says which answers", async () => {
  const events = new RecordedEvents();
  const listeners = [listener("udp"), listener("udp", "127.0.0.2")];
  const sockets = await SipSockets.open({ listeners }, events);
  const peer = createSocket("udp4").bind(0, "127.0.0.1");
  await once(peer, "listening");
  for (const { address, port } of sockets.listening) {
    peer.send(message("?"), port, address);
    const { flow } = await events.next("received");
    const answered = once(peer, "message");
    const { side, transport, remoteAddress, remotePort, id } = flow;
    sockets.send({ side, transport, address: remoteAddress, port: remotePort, flow: id }, "!");
    const [, from] = await answered;
    assert.deepEqual([from.address, from.port], [address, port]);
  }
  peer.close();
  await sockets.close();
});

test("a datagram that the system refuses is told with its tag", async () => {
  const { events, sockets, to, close } = await pair(listener("udp"));
  sockets.one.send(to, "x".repeat(65_508), "long");
  assert.deepEqual((await events.one.next("send-failed")).why, "too long for a datagram");
  sockets.one.send({ ...to, port: 0 }, "x", "port");
  assert.deepEqual((await events.one.next("send-failed")).why, "no such port");
  sockets.one.send({ ...to, address: "sip.example.org" }, "x", "name");
  const { tag, why, to: destination } = await events.one.next("send-failed");
  assert.deepEqual([tag, why, destination.address], ["name", "EINVAL", "sip.example.org"]);
  await close();
});

/** A port that was ours, and that nobody listens at now. */
async function closedPort(address: string): Promise<number> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4").bind(0, address);
  await once(socket, "listening");
  const { port } = socket.address();
  await new Promise<void>((done) => socket.close(() => done()));
  return port;
}

const request = (method: string, branch: string): string =>
  `${method} sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP x:5060;branch=${branch};rport\r\n\r\n${"x".repeat(3000)}`;

for (const address of ["127.0.0.1", "::1"]) {
  test(`a request to a closed port of ${address} is told with its tag, and others go on`, async () => {
    const { events, sockets, to, close } = await pair(listener("udp", address));
    const nowhere = { ...to, port: await closedPort(address) };
    for (const [method, branch, tag] of [
      ["INVITE", "z9hG4bKone", "z9hG4bKone"],
      ["CANCEL", "z9hG4bKone", "z9hG4bKone CANCEL"],
    ] as const) {
      sockets.one.send(nowhere, request(method, branch), tag);
      const failed = await events.one.next("send-failed");
      assert.deepEqual([failed.tag, failed.why], [tag, "ECONNREFUSED"]);
      assert.deepEqual([failed.to.address, failed.to.port], [address, nowhere.port]);
    }
    // Those in between are for somebody who is there.
    const sent = Array.from({ length: 40 }, (_, i) => `z9hG4bK${i}`);
    for (const branch of sent) {
      sockets.one.send(nowhere, request("BYE", `${branch}x`), `${branch}x`);
      sockets.one.send(to, request("BYE", branch), branch);
    }
    for (const branch of sent) {
      const { text } = await events.other.next("received");
      assert.equal(text, request("BYE", branch));
      assert.equal((await events.one.next("send-failed")).tag, `${branch}x`);
    }
    await close();
    assert.deepEqual(events.one.left, []);
  });
}

test("a response to a closed port concerns nobody: its Via is another's", async () => {
  const { events, sockets, to, close } = await pair(listener("udp"));
  const nowhere = { ...to, port: await closedPort("127.0.0.1") };
  sockets.one.send(nowhere, request("INVITE", "z9hG4bKa").replace(/^.*/, "SIP/2.0 200 OK"));
  sockets.one.send(nowhere, request("INVITE", "z9hG4bKb"), "z9hG4bKb");
  assert.equal((await events.one.next("send-failed")).tag, "z9hG4bKb");
  await close();
  assert.deepEqual(events.one.left, []);
});

test("STUN is told as such, and answered by nothing: neither a flood nor its mirror", async () => {
  const { events, sockets, to, close } = await pair(listener("udp"));
  const request = `\x00\x01\x00\x00\x21\x12\xa4\x42${"a".repeat(12)}`;
  sockets.one.send(to, request);
  assert.equal((await events.other.next("stun")).text, request);
  sockets.one.send(to, message("after"));
  const { flow } = await events.other.next("received");
  sockets.other.send({ ...to, port: flow.remotePort, flow: flow.id }, message("back"));
  await events.one.next("received");
  assert.deepEqual([...events.one.left, ...events.other.left], []);
  await close();
});

test("keep-alive datagrams are told as such, and not answered", async () => {
  const { events, sockets, to, close } = await pair(listener("udp"));
  for (const text of ["\r\n\r\n", "", "\0\0\0\0"]) {
    sockets.one.send(to, text);
    assert.equal((await events.other.next("keep-alive")).flow.transport, "udp");
  }
  await close();
  assert.deepEqual(events.other.left, []);
});

test("an address in use: nothing changes, and the error names it", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const events = new RecordedEvents();
  const sockets = await SipSockets.open({ listeners: [listener("udp")] }, events);
  const before = sockets.listening;
  const listeners = [listener("udp"), listener("tcp"), { ...listener("tcp"), port }];
  await assert.rejects(sockets.apply({ listeners }), {
    name: "ListenError",
    code: "EADDRINUSE",
    listener: listeners[2],
    message: new RegExp(`^public tcp 127\\.0\\.0\\.1:${port}: `),
  });
  assert.deepEqual(sockets.listening, before);
  const [{ port: own } = { port: 0 }] = before;
  sockets.send({ side: "public", transport: "udp", address: "127.0.0.1", port: own }, message("1"));
  assert.equal((await events.next("received")).text, message("1"));
  await assert.rejects(
    SipSockets.open({ listeners: [{ ...listener("udp"), address: "192.0.2.77" }] }, events),
    {
      code: "EADDRNOTAVAIL",
    },
  );
  await assert.rejects(sockets.apply({ listeners: [listener("udp"), listener("udp")] }), {
    message: /configured twice/,
  });
  taken.close();
  await sockets.close();
});

test("a change keeps the sockets whose address stays, and the connections that stand", async () => {
  const { events, sockets, to, close } = await pair(listener("tcp"));
  sockets.one.send(to, message("before"));
  const { flow } = await events.other.next("received");
  const added = [listener("tcp"), listener("udp")];
  await sockets.other.apply({ listeners: added });
  assert.equal(sockets.other.listening[0]!.port, to.port);
  assert.equal(sockets.other.listening.length, 2);

  await sockets.other.apply({ listeners: [listener("udp")] });
  const back = { ...to, port: flow.remotePort, flow: flow.id };
  sockets.other.send(back, message("after"));
  assert.equal((await events.one.next("received")).text, message("after"));
  sockets.one.closeFlow("tcp-none", "test");

  const fresh = await SipSockets.open({ listeners: [listener("tcp")] }, events.one);
  fresh.send(to, message("no more"), "z9");
  assert.equal((await events.one.next("send-failed")).why, "ECONNREFUSED");
  await fresh.close();
  await close();
});

test("an address may change its side", async () => {
  const events = new RecordedEvents();
  const peer = createSocket("udp4").bind(0, "127.0.0.1");
  await once(peer, "listening");
  const spare = createSocket("udp4").bind(0, "127.0.0.1");
  await once(spare, "listening");
  const fixed = { ...listener("udp"), port: spare.address().port };
  spare.close();
  await once(spare, "close");
  const sockets = await SipSockets.open({ listeners: [fixed] }, events);
  const hello = () => peer.send(message("?"), fixed.port, fixed.address);
  hello();
  assert.equal((await events.next("received")).flow.side, "public");
  await sockets.apply({ listeners: [{ ...fixed, side: "private" }] });
  hello();
  assert.equal((await events.next("received")).flow.side, "private");
  peer.close();
  await sockets.close();
});

/** Prints its port, then the traffic class of the first datagram: Node shows that of none. */
const CLASS_READER = `
import socket, sys
v6 = sys.argv[1] == "::1"
s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 0))
s.setsockopt(*((socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS) if v6 else (socket.IPPROTO_IP, socket.IP_RECVTOS)), 1)
print(s.getsockname()[1], flush=True)
data = s.recvmsg(10, 100)[1][0][2]
print(int.from_bytes(data[:4], sys.byteorder))
`;

for (const [address, dscp] of [
  ["127.0.0.1", 24],
  ["::1", 26],
] as const) {
  test(`datagrams from ${address} bear their class`, async () => {
    const reader = spawn("python3", ["-c", CLASS_READER, address]);
    const lines = createInterface(reader.stdout)[Symbol.asyncIterator]();
    const port = Number((await lines.next()).value);
    const listeners = [{ ...listener("udp", address), dscp }];
    const sockets = await SipSockets.open({ listeners }, new RecordedEvents());
    sockets.send({ side: "public", transport: "udp", address, port }, "x");
    assert.equal(Number((await lines.next()).value) >> 2, dscp);
    await sockets.close();
  });
}

test("all ports that can't be had are told of at once, and nothing stays open", async () => {
  const taken = await SipSockets.open(
    { listeners: [listener("udp"), listener("tcp")] },
    new RecordedEvents(),
  );
  const busy = taken.listening.map(({ transport, port }) => ({ ...listener(transport), port }));
  const free = listener("udp", "127.0.0.2");
  const refused = SipSockets.open({ listeners: [free, ...busy] }, new RecordedEvents());
  await assert.rejects(refused, (error: Error) => {
    assert.equal(error.message.split("\n").length, 2);
    for (const { port } of busy) assert.match(error.message, new RegExp(`${port}: .*EADDRINUSE`));
    return true;
  });
  await taken.close();
});
