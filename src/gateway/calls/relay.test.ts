import assert from "node:assert/strict";
import { test } from "node:test";
import type { Side } from "#sip";
import type { Message } from "#sip-message";
import {
  ByHand,
  dialogsOf,
  linesOf,
  type More,
  only,
  type PeerDialog,
  sdpOf,
} from "../../../test/support/by-hand.ts";

const opposite = (side: Side): Side => (side === "public" ? "private" : "public");

/** A request of one end, what the other gets, and what the first one hears of the answer. */
function ask(
  site: ByHand,
  from: PeerDialog,
  [method, cseq]: readonly [string, number],
  more: More,
  [status, told]: readonly [number, More],
): { got: Message; heard: Message } {
  const got = only(site.take(from.side, site.inside(from, method, cseq, more)), method);
  const sent = site.take(opposite(from.side), site.answer(got, status, told));
  const heard = sent.find(
    ({ to, message }) => to.side === from.side && message.kind === "response",
  );
  assert.ok(heard, "the asker hears of it");
  return { got: got.message, heard: heard.message };
}

const PRIVATE = /10\.77\.0\.2/;

test("an answer's description that is nobody's answer is not passed: it tells where its side is", () => {
  const site = new ByHand();
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  const asked = only(site.take("public", invite), "INVITE");
  const sent = site.take("private", site.answer(asked, 488, { sdp: sdpOf("private") }));
  const refused = only(sent, 488).message;
  assert.equal(refused.body, "");
  assert.equal(refused.headers.has("content-type"), false);
});

test("the description in an answer to OPTIONS begins no renegotiation, and isn't passed", () => {
  const site = new ByHand();
  const { caller, callee } = site.connected();
  const { heard } = ask(site, caller, ["OPTIONS", 2], {}, [200, { sdp: sdpOf("private") }]);
  assert.doesNotMatch(heard.body, PRIVATE);
  const again = site.inside(callee, "INVITE", 1, { sdp: sdpOf("private") });
  only(site.take("private", again), "INVITE");
});

test("body parts that can't be read are refused in a renegotiation, and left out of its answer", () => {
  const site = new ByHand();
  const { caller } = site.connected();
  const body = ["multipart/mixed;boundary=x", `--x\r\n\r\n${sdpOf("private")}\r\n`] as const;
  const { heard } = ask(site, caller, ["UPDATE", 2], {}, [200, { body }]);
  assert.equal(heard.body, "");
  assert.doesNotMatch(heard.body, PRIVATE);
  only(site.take("public", site.inside(caller, "INVITE", 3, { body })), 415);
});

test("what a transfer came to is told by its status line alone", () => {
  const site = new ByHand();
  const { callee } = site.connected();
  const fragment = "SIP/2.0 200 OK\r\nContact: <sip:1@10.77.0.2>\r\n";
  const more: More = {
    headers: { event: "refer", "subscription-state": "terminated" },
    body: ["message/sipfrag;version=2.0", fragment],
  };
  const { got } = ask(site, callee, ["NOTIFY", 1], more, [200, {}]);
  assert.equal(got.body, "SIP/2.0 200 OK\r\n");
});

for (const method of ["NOTIFY", "REFER", "PRACK", "MESSAGE"]) {
  test(`a 481 to ${method} ends no call: it speaks of less than the dialog`, () => {
    const site = new ByHand();
    const { caller } = site.connected();
    const headers = { event: "refer", "refer-to": "<sip:1@x>", rack: "1 1 INVITE" };
    ask(site, caller, [method, 2], { headers }, [481, {}]);
    assert.equal(site.gateway.callCount, 1);
  });
}

for (const method of ["INVITE", "UPDATE", "INFO", "OPTIONS"]) {
  test(`${method} that can't be sent is answered 503, and the call goes on`, () => {
    const site = new ByHand();
    const { caller } = site.connected();
    const sent = only(site.take("public", site.inside(caller, method, 2)), method);
    const heard = site.fail(sent);
    assert.deepEqual(linesOf(heard), [503]);
    assert.equal(heard[0]!.to.side, "public");
    assert.equal(site.gateway.callCount, 1);
    only(site.take("public", site.inside(caller, "UPDATE", 3)), "UPDATE");
  });
}

for (const method of ["INVITE", "UPDATE", "INFO"]) {
  test(`${method} that nothing answers ends the call (RFC 3261 §12.2.1.2)`, () => {
    const site = new ByHand();
    const { caller } = site.connected();
    only(site.take("public", site.inside(caller, method, 2)), method);
    const sent = linesOf(site.wait(33_000));
    assert.ok(sent.includes("BYE"), sent.join(", "));
    assert.equal(sent.includes(408), method === "INVITE", "RFC 4320 §4.2");
    assert.equal(site.gateway.callCount, 0);
  });
}

for (const method of ["OPTIONS", "MESSAGE", "PUBLISH", "NOTIFY"]) {
  test(`${method} that nothing answers says nothing of the call (RFC 5057 §5.2)`, () => {
    const site = new ByHand();
    const { caller } = site.connected();
    only(site.take("public", site.inside(caller, method, 2)), method);
    assert.ok(!linesOf(site.wait(33_000)).includes("BYE"));
    assert.equal(site.gateway.callCount, 1);
  });
}

test("an UPDATE without description crosses while the call's own offer is open", () => {
  const site = new ByHand();
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  const asked = only(site.take("public", invite), "INVITE");
  const ringing = only(site.take("private", site.answer(asked, 180)), 180);
  const { callee } = dialogsOf("public", invite, asked, ringing.message);
  ask(site, callee, ["UPDATE", 1], {}, [200, {}]);
  only(site.take("private", site.inside(callee, "UPDATE", 2, { sdp: sdpOf("private") })), 491);
});

test("an end that offers twice at once is told to wait, and not of glare", () => {
  const site = new ByHand();
  const { caller } = site.connected();
  const offer = (cseq: number) => site.inside(caller, "UPDATE", cseq, { sdp: sdpOf("public") });
  only(site.take("public", offer(2)), "UPDATE");
  const refused = only(site.take("public", offer(3)), 500).message;
  assert.ok(refused.headers.has("retry-after"));
});

test("an offer that its ACK leaves unanswered blocks no later one", () => {
  const site = new ByHand();
  const { caller } = site.connected();
  ask(site, caller, ["INVITE", 2], {}, [200, { sdp: sdpOf("private") }]);
  only(site.take("public", site.inside(caller, "ACK", 2)), "ACK");
  only(site.take("public", site.inside(caller, "INVITE", 3, { sdp: sdpOf("public") })), "INVITE");
});

test("NOTIFY tells of the REFER by the number that its asker knows (RFC 3515 §2.4.6)", () => {
  const site = new ByHand();
  const { caller, callee } = site.connected();
  const headers = { "refer-to": "<sip:4002@192.0.2.1>" };
  const { got } = ask(site, caller, ["REFER", 77], { headers }, [202, {}]);
  const event = `refer;id=${got.cseq.number}`;
  const more = { headers: { event, "subscription-state": "active" } };
  const told = ask(site, callee, ["NOTIFY", 1], more, [200, {}]);
  assert.equal(told.got.headers.get("event"), "refer;id=77");
});

test("SUBSCRIBE that ends a REFER's news names it as the peer knows it (RFC 3515 §2.4.4)", () => {
  const site = new ByHand();
  const { caller } = site.connected();
  const headers = { "refer-to": "<sip:4002@192.0.2.1>" };
  const refer = ask(site, caller, ["REFER", 77], { headers }, [202, {}]).got;
  const more = { headers: { event: "refer;id=77", expires: "0" } };
  const { got } = ask(site, caller, ["SUBSCRIBE", 78], more, [200, {}]);
  assert.equal(got.headers.get("event"), `refer;id=${refer.cseq.number}`);
});

test("a BYE tells the other end what it told us: why, and what users say (RFC 7433)", () => {
  const site = new ByHand();
  const { callee } = site.connected();
  const headers = {
    reason: 'Q.850;cause=16;text="Normal"',
    "user-to-user": "56a390f3d2b7310023;encoding=hex",
    "x-host": "10.77.0.2",
  };
  const body = ["application/isup", "\x0c\x02"] as const;
  const sent = site.take("private", site.inside(callee, "BYE", 1, { headers, body }));
  const told = only(sent, "BYE").message;
  assert.equal(told.headers.get("reason"), headers.reason);
  assert.equal(told.headers.get("user-to-user"), headers["user-to-user"]);
  assert.equal(told.headers.has("x-host"), false);
  assert.equal(told.body, body[1]);
});

test("a BYE that waits for the caller's ACK tells the same", () => {
  const site = new ByHand();
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  const asked = only(site.take("public", invite), "INVITE");
  const answer = site.answer(asked, 200, { sdp: sdpOf("private") });
  const answered = only(site.take("private", answer), 200).message;
  const { caller, callee } = dialogsOf("public", invite, asked, answered);
  const headers = { "user-to-user": "56;encoding=hex" };
  site.take("private", site.inside(callee, "BYE", 1, { headers }));
  const sent = site.take("public", site.inside(caller, "ACK", 1));
  assert.equal(only(sent, "BYE").message.headers.get("user-to-user"), "56;encoding=hex");
});

test("Refer-To names the port that the gateway is reached at", () => {
  const site = new ByHand();
  const { caller } = site.connected();
  const headers = { "refer-to": "<sip:4002@192.0.2.1>" };
  const { got } = ask(site, caller, ["REFER", 2], { headers }, [202, {}]);
  assert.equal(got.headers.get("refer-to"), "<sip:4002@10.77.0.1:5062>");
});

test("where a connection is gone, a peer is reached at its Contact, not at its former port", () => {
  const site = new ByHand({ transport: "tcp" });
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  const asked = only(site.take("public", invite, { remotePort: 43_210 }), "INVITE");
  const answered = only(
    site.take("private", site.answer(asked, 200, { sdp: sdpOf("private") })),
    200,
  );
  const { caller, callee } = dialogsOf("public", invite, asked, answered.message);
  site.take("public", site.inside(caller, "ACK", 1), { remotePort: 43_210 });
  const { to } = only(site.take("private", site.inside(callee, "BYE", 1)), "BYE");
  assert.deepEqual([to.flow, to.address, to.port], ["tcp public 43210", "198.51.100.1", 5060]);
});

const REGISTERED = {
  trunk: {
    register: { user: "line7", contactUser: "gw7", registrar: "198.51.100.1" },
    credentials: { user: "line7", password: "x" },
  },
};

const contactAt = (message: Message): string | undefined => message.headers.get("contact");

for (const from of ["public", "private"] as const) {
  test(`our Contact stays what the trunk is registered as, in a call from the ${from} side`, () => {
    const site = new ByHand(REGISTERED);
    const invite = site.begin(from, "INVITE", { sdp: sdpOf(from) });
    if (from === "public") invite.uri = "sip:gw7@192.0.2.1";
    const asked = only(site.take(from, invite), "INVITE");
    const answer = site.answer(asked, 200, { sdp: sdpOf(opposite(from)) });
    const answered = only(site.take(opposite(from), answer), 200);
    const { caller, callee } = dialogsOf(from, invite, asked, answered.message);
    site.take(from, site.inside(caller, "ACK", 1));
    const operator = from === "public" ? answered : asked;
    assert.equal(contactAt(operator.message), "<sip:gw7@192.0.2.1:5060>");
    const pbx = from === "public" ? callee : caller;
    const update = only(site.take("private", site.inside(pbx, "UPDATE", 2)), "UPDATE");
    assert.equal(contactAt(update.message), "<sip:gw7@192.0.2.1:5060>");
  });
}
