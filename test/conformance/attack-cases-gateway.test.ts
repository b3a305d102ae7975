import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Side, Transport } from "#sip";
import { ByHand, dialogsOf, linesOf, only, type Sent, sdpOf } from "../support/by-hand.ts";
import { flowOf, type Packet } from "../support/network.ts";
import { World } from "../support/world.ts";

// The attack cases that end in the gateway as a whole, by their names in docs/security.md.

const PUBLIC = "192.0.2.1";
const STRANGER = "203.0.113.66";
const METHODS = ["INVITE", "OPTIONS", "REGISTER", "MESSAGE", "SUBSCRIBE", "PUBLISH", "BYE", "ACK"];

interface Said {
  readonly from: string;
  readonly text: string;
  readonly side?: Side;
  readonly transport?: Transport;
}

/** Hands the gateway a message that no peer of the world has sent. */
function say(world: World, { from, text, side = "public", transport = "udp" }: Said): void {
  const { gateway, network } = world;
  const to = gateway.endpoint(side);
  const packet: Packet = { from: { address: from, port: 5060 }, to, transport, text };
  gateway.take({ kind: "received", flow: flowOf(packet, side), text }, network.now);
}

let count = 0;

/** A whole request of its own transaction and dialog; further fields as lines. */
function request(method: string, from: string, more: readonly string[] = []): string {
  count++;
  return [
    `${method} sip:100@${PUBLIC} SIP/2.0`,
    `Via: SIP/2.0/UDP ${from}:5060;branch=z9hG4bKatk${count};rport`,
    `From: <sip:x@${from}>;tag=f${count}`,
    `To: <sip:100@${PUBLIC}>`,
    `Call-ID: c${count}@${from}`,
    `CSeq: 1 ${method}`,
    "Max-Forwards: 70",
    `Contact: <sip:x@${from}>`,
    ...more,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

describe("B3, D7: a stranger", () => {
  test("gets no answer to anything, and nothing crosses", () => {
    const world = new World({ seed: 71 });
    for (const method of METHODS) say(world, { from: STRANGER, text: request(method, STRANGER) });
    say(world, { from: STRANGER, text: "INVITE sip:100 SIP/9.0\r\n\r\n" });
    say(world, { from: STRANGER, text: request("OPTIONS", STRANGER).replace("70", "900") });
    assert.deepEqual(world.settle(), []);
    assert.deepEqual(world.packets, []);
  });

  test("is one also with a trunk's address on the PBX's side", () => {
    const world = new World({ seed: 72 });
    const from = "198.51.100.1";
    say(world, { from, side: "private", text: request("INVITE", from) });
    assert.deepEqual(world.settle(), []);
    assert.deepEqual(world.packets, []);
  });

  test("loses the connection that it came by; a trunk keeps its own", () => {
    const world = new World({ seed: 73 });
    const text = request("OPTIONS", STRANGER);
    say(world, { from: STRANGER, transport: "tcp", text });
    assert.equal(world.gateway.closed.length, 1);
    const [peer] = world.operator.addresses;
    say(world, { from: peer!, transport: "tcp", text: request("OPTIONS", peer!) });
    assert.equal(world.gateway.closed.length, 1);
  });

  test("can't fill the log: ten lines a minute, and how many there were", () => {
    const world = new World({ seed: 74 });
    const flood = (messages: number): void => {
      for (let i = 0; i < messages; i++) {
        say(world, { from: `203.0.113.${i % 256}`, text: request("INVITE", STRANGER) });
      }
    };
    flood(1000);
    world.network.in(60_000, () => flood(1));
    world.network.run(61_000);
    const told = world.gateway.facts.flatMap((fact) =>
      fact.kind === "stranger" ? [fact.untold] : [],
    );
    assert.deepEqual(told, [...new Array(10).fill(0), 990]);
    assert.equal(world.gateway.facts.length, told.length);
  });
});

test("B3: whatever it claims, a trunk reaches the PBX under our host, and never under the PBX's", () => {
  for (const method of ["MESSAGE", "SUBSCRIBE", "PUBLISH", "INVITE"]) {
    for (const host of ["10.77.0.2", "10.77.0.2:5060", "pbx.example"]) {
      const site = new ByHand({
        settings: { pbx: { host: "10.77.0.2", optionsIntervalS: 0 } },
      });
      const claimed = `<sip:4001@${host}>`;
      const headers = {
        from: `${claimed};tag=1`,
        "p-asserted-identity": claimed,
        "p-preferred-identity": claimed,
        "remote-party-id": claimed,
        event: "presence",
      };
      const asked = site.begin("public", method, { headers });
      const { message } = only(site.take("public", asked), method);
      for (const name of Object.keys(headers).slice(0, 4)) {
        const told = message.headers.get(name as "from");
        if (told !== undefined) assert.match(told, /@10\.77\.0\.1(?=[:>])/, `${method} ${name}`);
      }
    }
  }
});

describe("D1: what a peer can ask for at will leaves nothing behind", () => {
  const [peer] = new World({ seed: 80 }).operator.addresses;
  const subscribe = (): string =>
    request("SUBSCRIBE", peer!, ["Event: presence", "Expires: 4294967295"]);
  const flood = (world: World, messages: number): void => {
    for (let i = 0; i < messages; i++) say(world, { from: peer!, text: subscribe() });
  };

  test("refused SUBSCRIBEs are forgotten with their transactions", () => {
    const world = new World({ seed: 81 });
    world.pbx.reply = () => ({ status: 489 });
    flood(world, 500);
    world.network.run(120_000);
    const { sizes } = world.gateway.gateway;
    assert.deepEqual(
      Object.entries(sizes).filter(([, size]) => size > 0),
      [],
    );
  });

  test("accepted ones end by themselves, however long they ask for", () => {
    const world = new World({ seed: 82 });
    flood(world, 20);
    world.network.run(60_000);
    assert.equal(world.gateway.gateway.sizes.subscriptions, 20);
    world.network.run(86_500_000);
    const { sizes } = world.gateway.gateway;
    assert.deepEqual(
      Object.entries(sizes).filter(([, size]) => size > 0),
      [],
    );
  });

  test("a session timer of a century holds nothing of a call that is over", () => {
    const world = new World({ seed: 83 });
    const headers = { "session-expires": "3155760000" };
    world.operator.answer = () => ({ rings: [], final: { status: 200, afterMs: 10, headers } });
    const up = (leg: { bye(): void }): void => world.network.in(1000, () => leg.bye());
    for (let i = 0; i < 20; i++) world.pbx.call({ uri: "0123", offer: true, up });
    world.network.run(300_000);
    const { sizes } = world.gateway.gateway;
    assert.equal(world.gateway.facts.filter(({ kind }) => kind === "call-answered").length, 20);
    assert.deepEqual(
      Object.entries(sizes).filter(([, size]) => size > 0),
      [],
    );
  });
});

describe("B5: nobody is led round the settings", () => {
  const OTHER = { name: "other", peers: [{ host: "198.51.100.99" }], optionsIntervalS: 0 };
  const OP = { name: "op", peers: [{ host: "198.51.100.1" }], optionsIntervalS: 0 };
  const TARGETS = [
    { uri: "sip:0123@198.51.100.99" },
    { uri: "sip:0123@192.0.2.1", headers: { route: "<sip:198.51.100.99;lr>" } },
    { uri: "sip:0123@192.0.2.1;maddr=198.51.100.99" },
    { uri: "sip:0123@other.example.org", headers: { route: "<sip:192.0.2.1;lr>, <sip:x@y;lr>" } },
  ];

  test("a trunk reaches the PBX, whatever host its Request-URI and Route name", () => {
    for (const method of ["INVITE", "MESSAGE", "SUBSCRIBE", "REFER"]) {
      for (const { uri, headers = {} } of TARGETS) {
        const site = new ByHand({ settings: { trunks: [OP, OTHER] } });
        const asked = site.begin("public", method, {
          headers: { ...headers, event: "presence", "refer-to": "<sip:1@198.51.100.99>" },
        });
        asked.uri = uri;
        const sent = only(site.take("public", asked), method);
        assert.equal(sent.to.side, "private");
        assert.equal(sent.to.address, "10.77.0.2");
        assert.ok(!sent.message.headers.has("route"));
      }
    }
  });

  test("the last hop is the last, however its zero is written", () => {
    for (const hops of ["0", "00", "000"]) {
      const site = new ByHand();
      const headers = { "max-forwards": hops };
      for (const method of ["INVITE", "MESSAGE"]) {
        const invite = site.begin("public", method, { headers });
        assert.deepEqual(linesOf(site.take("public", invite)), [483]);
      }
    }
  });

  test("hops are counted across the gateway", () => {
    const site = new ByHand();
    const headers = { "max-forwards": "3" };
    const sent = only(site.take("public", site.begin("public", "INVITE", { headers })), "INVITE");
    assert.equal(sent.message.headers.get("max-forwards"), "2");
  });

  test("a redirection to ourselves is no place to go to", () => {
    const site = new ByHand({ trunk: { peers: [OP.peers[0]!], redirects: "follow" } });
    const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
    const asked = only(site.take("private", invite), "INVITE");
    const headers = { contact: "<sip:0123@192.0.2.1:5060>, <sip:0123@10.77.0.1:5062>" };
    const sent = site.take("public", site.answer(asked, 302, { headers }));
    assert.deepEqual(linesOf(sent), ["ACK", 482]);
    assert.equal(site.gateway.callCount, 0);
    assert.equal(site.gateway.portsHeld, 0);
  });

  test("a Contact that is our own address is refused; in a dry run it leads back to who said it", () => {
    const contact = "<sip:0123@192.0.2.1:5060>";
    const more = { sdp: sdpOf("public"), headers: { contact } };
    const strict = new ByHand();
    const refused = strict.take("public", strict.begin("public", "INVITE", more));
    assert.deepEqual(linesOf(refused), [403]);
    const site = new ByHand({ settings: { security: { dryRun: "yes" } } });
    const invite = site.begin("public", "INVITE", more);
    const asked = only(site.take("public", invite), "INVITE");
    const answer = site.answer(asked, 200, { sdp: sdpOf("private") });
    const answered = only(site.take("private", answer), 200);
    const { caller, callee } = dialogsOf("public", invite, asked, answered.message);
    site.take("public", site.inside(caller, "ACK", 1));
    const bye = only(site.take("private", site.inside(callee, "BYE", 1)), "BYE");
    assert.equal(bye.to.address, "198.51.100.1");
  });
});

describe("C1: credentials are for the operator, not for where its Contact leads", () => {
  const CREDENTIALS = { user: "alice", password: "wonder" };
  const CHALLENGE = { "proxy-authenticate": 'Digest realm="op", nonce="n", qop="auth"' };
  const ELSEWHERE = "<sip:4001@203.0.113.50:5060>";

  /** What the gateway does when a BYE that goes to such a Contact is challenged. */
  function challenged(contact: string): Sent[] {
    const site = new ByHand({ trunk: { credentials: CREDENTIALS } });
    const invite = site.begin("public", "INVITE", { sdp: sdpOf("public"), headers: { contact } });
    const asked = only(site.take("public", invite), "INVITE");
    const answer = site.answer(asked, 200, { sdp: sdpOf("private") });
    const answered = only(site.take("private", answer), 200);
    const { caller, callee } = dialogsOf("public", invite, asked, answered.message);
    site.take("public", site.inside(caller, "ACK", 1));
    const bye = only(site.take("private", site.inside(callee, "BYE", 1)), "BYE");
    return site.take("public", site.answer(bye, 407, { headers: CHALLENGE }));
  }

  test("a BYE is answered for at the trunk's own address, and nowhere else", () => {
    const again = only(challenged("<sip:4001@198.51.100.1:5060>"), "BYE");
    assert.ok(again.message.headers.has("proxy-authorization"));
    assert.deepEqual(challenged(ELSEWHERE), []);
  });

  test("neither a re-INVITE nor the ACK takes them elsewhere", () => {
    const site = new ByHand({ trunk: { credentials: CREDENTIALS } });
    const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
    const first = only(site.take("private", invite), "INVITE");
    const refused = site.answer(first, 407, { headers: CHALLENGE });
    const asked = only(site.take("public", refused), "INVITE");
    assert.ok(asked.message.headers.has("proxy-authorization"));
    const answer = site.answer(asked, 200, {
      sdp: sdpOf("public"),
      headers: { contact: ELSEWHERE },
    });
    const answered = only(site.take("public", answer), 200);
    const { caller } = dialogsOf("private", invite, asked, answered.message);
    const ack = only(site.take("private", site.inside(caller, "ACK", 1)), "ACK");
    assert.equal(ack.to.address, "203.0.113.50");
    assert.ok(!ack.message.headers.has("proxy-authorization"));
    const info = only(site.take("private", site.inside(caller, "INFO", 2)), "INFO");
    const told = site.take("public", site.answer(info, 407, { headers: CHALLENGE }));
    assert.ok(!linesOf(told).includes("INFO"));
  });

  describe("a trunk without realm that has registered", () => {
    const challenge = (realm: string) => `Digest realm="${realm}", nonce="n", qop="auth"`;

    /** Registered for the realm "op"; a call that is out. */
    function called(credentials: object): { site: ByHand; asked: Sent } {
      const site = new ByHand({ trunk: { register: { user: "alice" }, credentials } });
      // The first of its repeats: when it goes is left to chance.
      const [register] = site.wait(2100);
      assert.ok(register && linesOf([register]).includes("REGISTER"));
      const headers = { "www-authenticate": challenge("op") };
      const proved = only(site.take("public", site.answer(register, 401, { headers })), "REGISTER");
      site.take("public", site.answer(proved, 200, { headers: { expires: "600" } }));
      const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
      return { site, asked: only(site.take("private", invite), "INVITE") };
    }

    const answersTo = (realm: string, { site, asked }: ReturnType<typeof called>): boolean => {
      const headers = { "proxy-authenticate": challenge(realm) };
      const told = site.take("public", site.answer(asked, 407, { headers }));
      return linesOf(told).includes("INVITE");
    };

    test("answers for the registrar's, and not what the called party asks through it", () => {
      assert.equal(answersTo("op", called(CREDENTIALS)), true);
      assert.equal(answersTo("evil", called(CREDENTIALS)), false);
    });

    test("answers for each realm that asked on the way to its registrar, as proxies do", () => {
      const site = new ByHand({
        trunk: { register: { user: "alice" }, credentials: CREDENTIALS },
      });
      const [register] = site.wait(2100);
      const byProxy = { "proxy-authenticate": challenge("edge") };
      const first = only(
        site.take("public", site.answer(register!, 407, { headers: byProxy })),
        "REGISTER",
      );
      const byRegistrar = { "www-authenticate": challenge("op") };
      const proved = only(
        site.take("public", site.answer(first, 401, { headers: byRegistrar })),
        "REGISTER",
      );
      site.take("public", site.answer(proved, 200, { headers: { expires: "600" } }));
      const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
      const asked = only(site.take("private", invite), "INVITE");
      assert.equal(answersTo("edge", { site, asked }), true);
    });

    test("answers for all that the settings name", () => {
      const several = { ...CREDENTIALS, realm: "op", otherRealms: ["gateway2"] };
      assert.equal(answersTo("gateway2", called(several)), true);
      assert.equal(answersTo("evil", called(several)), false);
    });
  });

  test("a peer that is redirected to, or another realm than the trunk's, gets none", () => {
    const sourceAddresses = ["198.51.100.0/24", "203.0.113.50"];
    const trunk = { redirects: "follow", credentials: CREDENTIALS, sourceAddresses };
    const site = new ByHand({ trunk });
    const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
    const asked = only(site.take("private", invite), "INVITE");
    const headers = { contact: ELSEWHERE };
    const there = only(site.take("public", site.answer(asked, 302, { headers })), "INVITE");
    const told = site.take("public", site.answer(there, 407, { headers: CHALLENGE }));
    assert.ok(!linesOf(told).includes("INVITE"));

    const strict = new ByHand({ trunk: { credentials: { ...CREDENTIALS, realm: "operator" } } });
    const other = strict.begin("private", "INVITE", { sdp: sdpOf("private") });
    const one = only(strict.take("private", other), "INVITE");
    const sent = strict.take("public", strict.answer(one, 407, { headers: CHALLENGE }));
    assert.ok(!linesOf(sent).includes("INVITE"));
  });
});

describe("D7: a datagram that bears a trunk's address, whoever sent it", () => {
  const garbage = (from: string): string => request("OPTIONS", from).replace(": 70", ": 900");
  const peerOf = (world: World): string => world.operator.addresses[0]!;

  /** How many answers so many messages draw. */
  const drawn = (world: World, messages: number, said: (from: string) => Said): number => {
    world.gateway.drain();
    for (let i = 0; i < messages; i++) say(world, said(peerOf(world)));
    return world.gateway.drain().length;
  };

  test("draws fifty errors a second for what is no message, and no more", () => {
    const world = new World({ seed: 75 });
    const bad = (from: string): Said => ({ from, text: garbage(from) });
    const answers = [drawn(world, 1000, bad)];
    for (const ms of [999, 1000]) {
      world.network.in(ms, () => answers.push(drawn(world, 1000, bad)));
    }
    world.network.run();
    assert.deepEqual(answers, [50, 0, 50]);
  });

  test("takes no answer from what honest peers send, however much it is", () => {
    const world = new World({ seed: 76 });
    drawn(world, 1000, (from) => ({ from, text: garbage(from) }));
    for (const method of ["OPTIONS", "BYE", "CANCEL"]) {
      const more = (from: string): Said => ({
        from,
        text: request(method, from).replace(/^(To: .*)$/m, method === "BYE" ? "$1;tag=gone" : "$1"),
      });
      assert.equal(drawn(world, 2000, more), 2000, method);
    }
  });

  test("by TCP, where no address is forged, each is answered", () => {
    const world = new World({ seed: 77, transport: "tcp" });
    const bad = (from: string): Said => ({ from, text: garbage(from), transport: "tcp" });
    assert.equal(drawn(world, 200, bad), 200);
  });
});
