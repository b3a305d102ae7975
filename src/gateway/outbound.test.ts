import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base";
import type { Route } from "#calls";
import { isEnd } from "#ends";
import { validateSettings } from "#settings";
import { type Flow, parseStunAnswer, type Transport } from "#sip";
import { Headers, Request } from "#sip-message";
import { ByHand, linesOf, type More, only, type Sent, sdpOf } from "../../test/support/by-hand.ts";
import { keepAliveMs } from "./flow-keep-alive.ts";
import { securedRoute } from "./secure-route.ts";

// RFC 5626: a trunk's flows to its operator, from the first REGISTER to the one that replaces it.

const PEERS = ["198.51.100.1", "198.51.100.2"] as const;
const OUTBOUND = { supported: "outbound", require: "outbound" };

const trunkOf = (transport: Transport, peers = 2) => ({
  peers: PEERS.slice(0, peers).map((host, priority) => ({ host, transport, priority })),
  register: { user: "alice", expiresS: 600, outbound: "yes" },
});

const siteOf = (transport: Transport, peers = 2): ByHand =>
  new ByHand({ transport, trunk: trunkOf(transport, peers) });

const flowTo = ({ to }: Sent): Flow => ({
  id: to.flow ?? `${to.transport} ${to.address} ${to.port}`,
  side: "public",
  transport: to.transport,
  localAddress: "192.0.2.1",
  localPort: 5060,
  remoteAddress: to.address,
  remotePort: to.port,
});

const answer = (site: ByHand, sent: Sent, status: number, more: More = {}): Sent[] =>
  site.take("public", site.answer(sent, status, more), flowTo(sent));

const grant = (site: ByHand, sent: Sent, headers: Record<string, string> = OUTBOUND): Sent[] =>
  answer(site, sent, 200, {
    headers: { contact: sent.message.headers.get("contact")!, expires: "600", ...headers },
  });

const pong = (site: ByHand, sent: Sent): Sent[] =>
  site.happen({ kind: "pong", flow: flowTo(sent) });

const lose = (site: ByHand, sent: Sent): Sent[] =>
  site.happen({ kind: "flow-closed", flow: flowTo(sent), why: "ping unanswered" });

/** The next REGISTER, which is on its way within 2 s. */
function asked(site: ByHand): Sent {
  for (let i = 0; i < 21; i++) {
    const [register] = site.wait(100);
    if (register) return register;
  }
  return only([], "REGISTER");
}

/** Both flows stand, and have answered a keep-alive. */
function formed(transport: Transport = "tcp"): { site: ByHand; first: Sent; second: Sent } {
  const site = siteOf(transport);
  const first = asked(site);
  grant(site, first);
  const second = asked(site);
  grant(site, second);
  if (transport === "tcp") for (const one of [first, second]) pong(site, one);
  return { site, first, second };
}

const contactOf = ({ message }: Sent): string => message.headers.get("contact")!;

/** A binding answer: what it repeats, and where we seem to come from. */
const stunAnswer = (request: string, port: number): string => {
  const xored = port ^ 0x2112;
  const address = [192 ^ 0x21, 0x12, 2 ^ 0xa4, 1 ^ 0x42];
  const attribute = [0, 0x20, 0, 8, 0, 1, xored >> 8, xored & 255, ...address];
  return `\x01\x01\x00\x0c${request.slice(4, 20)}${String.fromCharCode(...attribute)}`;
};

let calls = 0;
const call = (site: ByHand): Sent => {
  const headers = { "call-id": `call${++calls}@pbx` };
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private"), headers });
  return only(site.take("private", invite), "INVITE");
};

const factsOf = (site: ByHand, kind: string) => site.facts.filter((fact) => fact.kind === kind);

test("the first peer is asked for a flow, and once it grants one so is the second", () => {
  const { site, first, second } = formed();
  const instance = /;reg-id=(\d);\+sip\.instance="(<urn:uuid:[0-9a-f-]{36}>)"$/;
  const [, one, ours] = instance.exec(contactOf(first))!;
  assert.deepEqual([one, instance.exec(contactOf(second))![1]], ["1", "2"]);
  assert.equal(instance.exec(contactOf(second))![2], ours);
  assert.equal(first.message.headers.get("supported"), "path, outbound");
  assert.deepEqual([first.to.address, second.to.address], [...PEERS]);
  assert.deepEqual(
    factsOf(site, "trunk-registered").map((fact) => "flow" in fact && fact.flow?.regId),
    [1, 2],
  );
});

test("an operator that grants none is registered with once, and called as ever", () => {
  const site = siteOf("tcp");
  const first = asked(site);
  grant(site, first, {});
  assert.deepEqual(site.wait(60_000), []);
  assert.deepEqual(site.pings, []);
  assert.doesNotMatch(contactOf(call(site)), /;ob/);
});

test("without the setting a REGISTER says nothing of flows", () => {
  const site = new ByHand({ trunk: { register: { user: "alice" } } });
  const { message } = asked(site);
  assert.equal(message.headers.get("supported"), undefined);
  assert.doesNotMatch(message.headers.get("contact")!, /reg-id|instance/);
});

test("a call goes by the registered flow, and asks that its requests come by it", () => {
  const { site, first } = formed();
  const invite = call(site);
  assert.equal(invite.to.flow, flowTo(first).id);
  assert.match(contactOf(invite), /^<sip:alice@192\.0\.2\.1:5060;transport=tcp;ob>/);
});

test("what comes by a trunk's flow is that trunk's, wherever it seems to come from", () => {
  const { site, first } = formed();
  const flow = { ...flowTo(first), remoteAddress: "203.0.113.77" };
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  only(site.take("public", invite, flow), "INVITE");
  const stranger = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  assert.deepEqual(site.take("public", stranger, { ...flow, id: "another" }), []);
});

test("a connection is pinged within its Flow-Timer, at 80 % of it at the earliest", () => {
  const site = siteOf("tcp", 1);
  grant(site, asked(site), { ...OUTBOUND, "flow-timer": "50" });
  assert.equal(site.pings.length, 1);
  site.wait(39_900);
  assert.equal(site.pings.length, 1);
  site.wait(10_200);
  assert.equal(site.pings.length, 2);
});

test("absurd Flow-Timers neither flood nor stop the keep-alives", () => {
  const random = seededRandom(5);
  for (const [flowTimerS, min, max] of [
    [0, 8, 10],
    [1, 8, 10],
    [4_294_967_295, 1440, 1800],
    [undefined, 95, 120],
  ] as const) {
    for (let i = 0; i < 200; i++) {
      const s = keepAliveMs("tcp", flowTimerS, random) / 1000;
      assert.ok(s >= min && s <= max, `${flowTimerS}: ${s}`);
    }
  }
  for (const text of ["-1", "soon", "1e9", "", "99999999999999999999999"]) {
    const site = siteOf("tcp", 1);
    grant(site, asked(site), { ...OUTBOUND, "flow-timer": text });
    site.wait(130_000);
    assert.ok(site.pings.length === 2 || text.startsWith("999"), `${text}: ${site.pings.length}`);
  }
});

test("a flow that has lived is formed anew at once, with its own reg-id; calls take the other", () => {
  const { site, first, second } = formed();
  const again = only([...lose(site, first), ...site.wait(0)], "REGISTER");
  assert.match(contactOf(again), /;reg-id=1;/);
  assert.equal(again.to.flow, undefined);
  assert.equal(factsOf(site, "trunk-flow-lost").length, 1);
  assert.equal(call(site).to.flow, flowTo(second).id);
  grant(site, again);
  assert.equal(call(site).to.address, PEERS[0]);
});

test("one that lives for a moment each time isn't formed anew at once each time", () => {
  const { site, first } = formed();
  const again = only([...lose(site, first), ...site.wait(0)], "REGISTER");
  grant(site, again);
  pong(site, again);
  assert.deepEqual([...lose(site, again), ...site.wait(29_900)], []);
  assert.ok(site.wait(150_200).some((sent) => /reg-id=1;/.test(contactOf(sent))));
});

test("sips goes by no flow that was registered without TLS", () => {
  const { settings, errors } = validateSettings({
    securedInterface: "yes",
    publicLocal: { address: "192.0.2.1" },
    privateLocal: { address: "10.77.0.1" },
    publicProtocols: "tls+udp/tcp",
    pbx: { host: "10.77.0.2", transport: "tls", optionsIntervalS: 0 },
    trunks: [{ name: "op", peers: [{ host: PEERS[0], transport: "auto" }] }],
    routing: { defaultTrunk: "op" },
  });
  assert.ok(settings, JSON.stringify(errors));
  const to = { side: "public", transport: "tcp", address: PEERS[0], port: 5060 } as const;
  const candidate = {
    name: "op",
    side: "public",
    query: { side: "public", host: PEERS[0], secure: false },
    uriHost: PEERS[0],
    failoverStatuses: [],
    redirects: "pass",
    flow: to,
  } as const;
  const route = { candidates: [candidate], caller: "", callee: "", dialled: "", toward: "public" };
  const headers = new Headers();
  headers.add("from", "<sip:4001@10.77.0.2>;tag=1");
  for (const [scheme, flow] of [
    ["sip", to],
    ["sips", undefined],
  ] as const) {
    const request = new Request("INVITE", `${scheme}:0123@10.77.0.1`, headers);
    const secured = securedRoute(request, route as unknown as Route, settings);
    assert.ok(!isEnd(secured));
    assert.deepEqual(secured.candidates[0]?.flow, flow);
  }
});

test("one that can't be formed anew waits 90 to 180 s while another lives, then longer", () => {
  const { site, first } = formed();
  let register = only([...lose(site, first), ...site.wait(0)], "REGISTER");
  for (const [min, max] of [
    [90_000, 180_000],
    [180_000, 360_000],
  ] as const) {
    const early = [...answer(site, register, 403), ...site.wait(min - 1)];
    assert.ok(!early.some((sent) => /reg-id=1;/.test(sent.message.headers.get("contact") ?? "")));
    const ofFlow = (sent: readonly Sent[]) =>
      sent.filter((each) => /reg-id=1;/.test(contactOf(each)));
    const mine: Sent[] = [];
    for (let ms = min; mine.length === 0 && ms <= max; ms += 1000)
      mine.push(...ofFlow(site.wait(1000)));
    register = mine[0]!;
    assert.ok(register, "asked again in time");
    // What it repeats while nobody answers is no other try.
    mine.push(...ofFlow(site.wait(5000)));
    assert.equal(new Set(mine.map(({ message }) => message.cseq.number)).size, 1);
  }
});

test("at the start, with no flow at all, the first wait is 30 to 60 s", () => {
  const site = siteOf("tcp", 1);
  const register = asked(site);
  assert.deepEqual(answer(site, register, 403), []);
  assert.deepEqual(site.wait(29_900), []);
  only(site.wait(30_200), "REGISTER");
});

test("a flow that never answered a keep-alive isn't formed anew at once", () => {
  const site = siteOf("tcp", 1);
  const register = asked(site);
  grant(site, register);
  assert.deepEqual([...lose(site, register), ...site.wait(29_900)], []);
  only(site.wait(30_200), "REGISTER");
});

test("430 says that the flow failed: calls take the next peer, a registration is made anew", () => {
  const { site, first, second } = formed();
  const invite = call(site);
  const next = answer(site, invite, 430);
  assert.equal(only(next, "INVITE").to.flow, flowTo(second).id);
  const refresh = site.wait(540_000).find(({ to }) => to.address === PEERS[0])!;
  assert.equal(refresh.to.flow, flowTo(first).id);
  const again = only([...answer(site, refresh, 430), ...site.wait(0)], "REGISTER");
  assert.equal(again.to.flow, undefined);
});

test("where every first hop lacks outbound (439) the trunk is registered without", () => {
  const site = siteOf("tcp");
  const first = asked(site);
  const second = only(answer(site, first, 439), "REGISTER");
  const plain = only(answer(site, second, 439), "REGISTER");
  assert.doesNotMatch(contactOf(plain), /reg-id/);
  assert.equal(plain.message.headers.get("supported"), undefined);
  grant(site, plain, {});
  assert.equal(factsOf(site, "trunk-registered").length, 1);
});

test("of bindings with one Contact the flow's own lifetime counts, absurd ones beside it", () => {
  const site = siteOf("tcp", 1);
  const first = asked(site);
  const contact = contactOf(first);
  const absurd = ["99999999999999999999", "-1", "", "0x1", "7;reg-id=1"].map(
    (regId) => `${contact.replace("reg-id=1", `reg-id=${regId}`)};expires=3600`,
  );
  grant(site, first, { ...OUTBOUND, contact: [...absurd, `${contact};expires=120`].join(", ") });
  only(site.wait(110_000), "REGISTER");
});

test("over UDP a flow is kept by STUN, within 29 s", () => {
  const { site } = formed("udp");
  const [one] = site.stun;
  assert.deepEqual([one!.to.address, one!.to.port], [PEERS[0], 5060]);
  const flow = flowTo({ to: one!.to } as Sent);
  assert.deepEqual(site.happen({ kind: "stun", flow, text: stunAnswer(one!.text, 5060) }), []);
  const before = site.stun.length;
  assert.deepEqual(site.wait(29_100), []);
  assert.ok(site.stun.slice(before).some(({ to, text }) => to === one!.to && text !== one!.text));
});

test("another mapped address is a failed flow; a wrong transaction or place is nothing", () => {
  const site = siteOf("udp", 1);
  grant(site, asked(site));
  const ask = (): { flow: Flow; text: string } => {
    const { to, text } = site.stun.at(-1)!;
    return { flow: flowTo({ to } as Sent), text };
  };
  const first = ask();
  const forged = first.text.slice(0, 8) + "x".repeat(12);
  for (const text of [stunAnswer(forged, 9), first.text, "\x01\x01", "\x00".repeat(600)]) {
    assert.deepEqual(site.happen({ kind: "stun", flow: first.flow, text }), []);
  }
  const elsewhere = { ...first.flow, id: "udp elsewhere" };
  const good = stunAnswer(first.text, 5060);
  assert.equal(parseStunAnswer(good)?.mapped, "192.0.2.1:5060");
  site.happen({ kind: "stun", flow: elsewhere, text: stunAnswer(first.text, 9) });
  site.happen({ kind: "stun", flow: first.flow, text: good });
  // A second copy comes late, when nobody asks any more.
  site.happen({ kind: "stun", flow: first.flow, text: stunAnswer(first.text, 9) });
  assert.equal(factsOf(site, "trunk-flow-lost").length, 0);
  site.wait(29_100);
  const second = ask();
  assert.notEqual(second.text, first.text);
  const told = { kind: "stun", flow: second.flow, text: stunAnswer(second.text, 6000) } as const;
  only([...site.happen(told), ...site.wait(0)], "REGISTER");
  assert.equal(factsOf(site, "trunk-flow-lost").length, 1);
});

test("STUN that nobody answers goes seven times, and then the flow has failed", () => {
  const site = siteOf("udp", 1);
  grant(site, asked(site));
  site.wait(39_400);
  assert.equal(site.stun.length, 7);
  assert.equal(new Set(site.stun.map(({ text }) => text)).size, 1);
  assert.equal(factsOf(site, "trunk-flow-lost").length, 0);
  site.wait(200);
  assert.equal(factsOf(site, "trunk-flow-lost").length, 1);
});

test("pongs from nowhere are nothing", () => {
  const { site, first } = formed();
  const flow = { ...flowTo(first), id: "tcp nowhere" };
  assert.deepEqual(site.happen({ kind: "pong", flow }), []);
  const plain = siteOf("tcp");
  assert.deepEqual(plain.happen({ kind: "pong", flow: flowTo(first) }), []);
});

test("when the gateway stops each flow is taken back where it is, and no longer kept", () => {
  const { site, first, second } = formed();
  const removals = site.order({ kind: "drain", calls: "wait" });
  assert.deepEqual(linesOf(removals), ["REGISTER", "REGISTER"]);
  assert.deepEqual(
    removals.map(({ to }) => to.flow),
    [flowTo(first).id, flowTo(second).id],
  );
  assert.ok(removals.every(({ message }) => message.headers.get("expires") === "0"));
  const pings = site.pings.length;
  for (const removal of removals) answer(site, removal, 200, { headers: OUTBOUND });
  site.wait(600_000);
  assert.equal(site.pings.length, pings);
});
