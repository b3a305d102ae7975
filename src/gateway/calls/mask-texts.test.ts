import assert from "node:assert/strict";
import { test } from "node:test";
import { type Message, printMessage, type Response } from "#sip-message";
import { ByHand, only, sdpOf } from "../../../test/support/by-hand.ts";

// What stands in the texts of headers, as people and programs fill them: no host of the PBX's side is
// told to the operator.

const PBX = "pbx7.corp";
const DEEP = `${"a.".repeat(12)}${PBX}`;
const SECRETS = [`sales.${PBX}`, DEEP, PBX, "10.77.0.2", "fd00:77::2"] as const;

/** Headers with a text, or something opaque, in which a host may stand. */
const TEXTS: readonly (readonly [name: string, value: (secret: string) => string])[] = [
  ["Accept-Contact", (host) => `*;+x-host="${host}";explicit`],
  ["Reject-Contact", (host) => `*;+x-host="<sip:${host}>"`],
  ["Priority", (host) => host],
  ["Resource-Priority", (host) => host],
  ["Reason", (host) => `Q.850;cause=17;text="${host} is busy"`],
  ["Retry-After", (host) => `5 (${host} restarts)`],
  ["SIP-If-Match", (host) => host],
  ["Subject", (host) => `Call from ${host}`],
  ["User-to-User", (host) => host],
  ["Event", (host) => `dialog;call-id="a@${host}";from-tag=1;to-tag=2`],
  ["Identity", (host) => `abc;info=<https://${host}/cert>;alg=ES256`],
  ["Session-ID", (host) => `a@${host}`],
  ["P-Asserted-Identity", (host) => `"Phone at ${host}" <sip:4001@10.77.0.2>`],
];

const site = () => new ByHand({ settings: { pbx: { host: PBX, optionsIntervalS: 0 } } });

/** The PBX of these settings is known by its name: calls come from where that leads. */
function resolved(): ByHand {
  const one = site();
  one.names.set(PBX, [{ transport: "udp", address: "10.77.0.2", port: 5060 }]);
  one.wait(3_600_000);
  return one;
}

function invited(headers: Readonly<Record<string, string>>): Message {
  const one = resolved();
  const invite = one.begin("private", "INVITE", { sdp: sdpOf("private"), headers });
  return only(one.take("private", invite), "INVITE").message;
}

function assertUntold(message: Message): void {
  const text = printMessage(message);
  for (const secret of [...SECRETS, "sales"]) assert.ok(!text.includes(secret), text);
}

for (const [name, value] of TEXTS) {
  test(`${name} tells the operator no host of the PBX's side`, () => {
    for (const secret of SECRETS) assertUntold(invited({ [name.toLowerCase()]: value(secret) }));
  });
}

test("a name that shows is none of a host", () => {
  for (const secret of SECRETS) {
    const from = `"${secret}" <sip:4001@10.77.0.2>;tag=1`;
    assertUntold(invited({ from, to: `"${secret}" <sip:0123@10.77.0.1>` }));
  }
});

test("nor does the operator's caller hear one in a reason phrase or a header of an answer", () => {
  for (const secret of SECRETS) {
    const one = resolved();
    const invite = one.begin("public", "INVITE", { sdp: sdpOf("public") });
    const asked = only(one.take("public", invite), "INVITE");
    const headers = { reason: `SIP;cause=486;text="${secret}"`, "retry-after": `5 (${secret})` };
    const busy: Response = one.answer(asked, 486, { headers });
    busy.reason = `${secret} is down`;
    assertUntold(only(one.take("private", busy), 486).message);
  }
});

test("what names no host crosses as it came", () => {
  const told = invited({
    reason: 'Q.850;cause=16;text="Terminated"',
    subject: "Lunch at 12:30?",
    event: "dialog;id=7",
    "session-id": "ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2",
  });
  const { headers } = told;
  assert.equal(headers.get("reason"), 'Q.850;cause=16;text="Terminated"');
  assert.equal(headers.get("subject"), "Lunch at 12:30?");
  assert.equal(headers.get("event"), "dialog;id=7");
  assert.match(headers.get("session-id")!, /^ab30.*;remote=4775/);
});
