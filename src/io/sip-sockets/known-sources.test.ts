import assert from "node:assert/strict";
import { test } from "node:test";
import type { Destination } from "#sip";
import type { ListenError } from "./configuration.ts";
import { RecordedEvents } from "./recorded-events.ts";
import { SipSockets } from "./sip-sockets.ts";

const listenerAt = (address: string, port = 0) => ({
  side: "public" as const,
  transport: "udp" as const,
  address,
  port,
  dscp: 0,
});

async function openedAt(address: string) {
  const events = new RecordedEvents();
  const sockets = await SipSockets.open({ listeners: [listenerAt(address)] }, events);
  const { port } = sockets.listening[0]!;
  const to: Destination = { side: "public", transport: "udp", address, port };
  return { events, sockets, port, to };
}

const message = (body: string): string =>
  `MESSAGE sip:a@b SIP/2.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** More than a buffer holds: sent before anybody reads. */
const FLOOD = 9_000;
const LONG = message("x".repeat(2_000));

for (const address of ["127.0.0.4", "127.0.0.0/29"]) {
  test(`D1: ${address} is heard while strangers fill the buffer, and answered by the same flow`, {
    timeout: 30_000,
  }, async () => {
    const here = await openedAt("127.0.0.1");
    const [known, stranger] = [await openedAt("127.0.0.4"), await openedAt("127.0.0.9")];
    here.sockets.keepRoomFor([{ side: "public", address }]);
    for (let i = 0; i < FLOOD; i++) stranger.sockets.send(here.to, LONG);
    // No shorter: there may be room for a short one.
    const invite = message("of a call".padEnd(2_000));
    known.sockets.send(here.to, invite);
    let heard = await here.events.next("received");
    while (heard.text === LONG) heard = await here.events.next("received");
    assert.equal(heard.text, invite);
    assert.ok(here.sockets.dropped > 0, "the strangers' buffer was full");
    const { id, remotePort } = heard.flow;
    assert.equal(remotePort, known.port);
    here.sockets.send({ ...known.to, flow: id }, message("to it"));
    const answer = await known.events.next("received");
    assert.deepEqual([answer.text, answer.flow.remotePort], [message("to it"), here.port]);
    for (const { sockets } of [here, known, stranger]) await sockets.close();
  });
}

test("who is no longer known is heard all the same, and muted like anybody", async () => {
  const here = await openedAt("127.0.0.1");
  const [one, other] = [await openedAt("127.0.0.4"), await openedAt("127.0.0.9")];
  const source = { side: "public" as const, address: "127.0.0.4" };
  here.sockets.keepRoomFor([source]);
  one.sockets.send(here.to, message("known"));
  assert.equal((await here.events.next("received")).text, message("known"));
  here.sockets.keepRoomFor([]);
  here.sockets.mute([source]);
  await new Promise(process.nextTick);
  one.sockets.send(here.to, message("in vain"));
  other.sockets.send(here.to, message("a stranger"));
  assert.equal((await here.events.next("received")).text, message("a stranger"));
  assert.deepEqual(here.events.left, []);
  for (const { sockets } of [here, one, other]) await sockets.close();
});

test("a place with two sockets is still nobody else's", async () => {
  const here = await openedAt("127.0.0.1");
  const again = SipSockets.open(
    { listeners: [listenerAt("127.0.0.1", here.port)] },
    new RecordedEvents(),
  );
  await assert.rejects(again, (error) => (error as ListenError).code === "EADDRINUSE");
  await here.sockets.close();
  const after = await SipSockets.open(
    { listeners: [listenerAt("127.0.0.1", here.port)] },
    new RecordedEvents(),
  );
  await after.close();
});
