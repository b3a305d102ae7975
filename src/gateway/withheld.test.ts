import assert from "node:assert/strict";
import { test } from "node:test";
import { type Instant, seededRandom } from "#base";
import { validateSettings } from "#settings";
import type { Flow, Side } from "#sip";
import {
  Headers,
  headerKey,
  parseMessageText,
  printMessage,
  Request,
  responseTo,
} from "#sip-message";
import { Gateway } from "./gateway.ts";

const ADDRESS = {
  public: { us: "192.0.2.1", them: "198.51.100.7" },
  private: { us: "10.0.0.1", them: "10.0.0.2" },
} as const;

const IDENTITY = {
  "P-Asserted-Identity": "<tel:+33111111111>",
  "Remote-Party-ID": "<tel:+33111111111>",
  Diversion: "<tel:+33222222222>;reason=unconditional",
  "History-Info": "<tel:+33222222222>;index=1",
  Reason: "Q.850;cause=16",
};

/** A gateway between an operator and a PBX, with the bytes of both in the test's hands. */
class Between {
  readonly #gateway: Gateway;
  readonly #now = 0 as Instant;
  #seq = 0;

  constructor(identityHeaders: object) {
    const { settings } = validateSettings({
      securedInterface: "no",
      publicLocal: { address: ADDRESS.public.us },
      privateLocal: { address: ADDRESS.private.us },
      pbx: { host: ADDRESS.private.them, optionsIntervalS: 0 },
      trunks: [
        {
          name: "op",
          peers: [{ host: ADDRESS.public.them }],
          optionsIntervalS: 0,
          identityHeaders,
        },
      ],
    });
    const parts = { settings: settings!, random: seededRandom(1), hash: () => "0" };
    this.#gateway = new Gateway(parts, this.#now);
  }

  /** One message from a peer; what the gateway sends to each side for it, 100 left out. */
  take(side: Side, text: string) {
    const { us, them } = ADDRESS[side];
    const flow: Flow = {
      id: `udp-${side}`,
      side,
      transport: "udp",
      localAddress: us,
      localPort: 5060,
      remoteAddress: them,
      remotePort: 5060,
    };
    this.#gateway.handle({ kind: "received", flow, text }, this.#now);
    const sends = this.#gateway.drain().flatMap((effect) => (effect.kind === "send" ? effect : []));
    return sends
      .filter((send) => !send.text.startsWith("SIP/2.0 100 "))
      .map((send) => ({ side: send.to.side, text: send.text }));
  }

  request(side: Side, method: string, more: Readonly<Record<string, string>>): string {
    const { us, them } = ADDRESS[side];
    const headers = new Headers();
    headers.add("via", `SIP/2.0/UDP ${them};branch=z9hG4bK${++this.#seq}`);
    headers.add("max-forwards", "70");
    headers.add("from", `<sip:4001@${them}>;tag=caller`);
    headers.add("to", `<sip:0123@${us}>`);
    headers.add("call-id", "call@peer");
    headers.add("cseq", `${this.#seq} ${method}`);
    headers.add("contact", `<sip:4001@${them}>`);
    for (const [name, value] of Object.entries(more)) headers.set(headerKey(name), value);
    return printMessage(new Request(method, `sip:0123@${us}`, headers));
  }
}

/** What a peer answers to a request that the gateway sent it. */
function answerTo(text: string, status: number, more: Readonly<Record<string, string>>): string {
  const request = parseMessageText(text);
  assert.equal(request.kind, "request");
  if (request.kind !== "request") return "";
  const response = responseTo(request, status, undefined, request.to.tag ?? "callee");
  response.headers.add("contact", "<sip:callee@peer.example>");
  for (const [name, value] of Object.entries(more)) response.headers.add(name, value);
  return printMessage(response);
}

const only = (sends: { side: Side; text: string }[], side: Side, first: RegExp): string => {
  const found = sends.filter((send) => send.side === side && first.test(send.text));
  assert.equal(found.length, 1, `one ${first} to the ${side} side`);
  return found[0]!.text;
};

/** Which of the identity headers a message bears. */
function borne(text: string | undefined): string[] {
  const message = parseMessageText(text ?? "");
  assert.notEqual(message.kind, "parse-failure");
  if (message.kind === "parse-failure") return [];
  return [...Object.keys(IDENTITY), "Privacy"].filter((name) =>
    message.headers.has(headerKey(name)),
  );
}

const ALL = Object.keys(IDENTITY);

/** What an INVITE of the PBX bears at the operator. */
const invited = (identityHeaders: object, privacy?: string): string[] => {
  const between = new Between(identityHeaders);
  const more = privacy === undefined ? IDENTITY : { ...IDENTITY, Privacy: privacy };
  const [sent] = between.take("private", between.request("private", "INVITE", more));
  assert.equal(sent?.side, "public");
  return borne(sent?.text);
};

test("without Privacy all identity headers pass towards the operator", () => {
  assert.deepEqual(invited({}), ALL);
});

test("an identity that Privacy withholds does not pass, unless the operator is trusted with it", () => {
  const rest = ["Diversion", "History-Info", "Reason", "Privacy"];
  assert.deepEqual(invited({}, "id"), rest);
  assert.deepEqual(invited({}, "header; ID;critical"), rest);
  assert.deepEqual(invited({ assertedIdentity: "trusted" }, "id"), [...ALL, "Privacy"]);
  assert.deepEqual(invited({}, "none"), [...ALL, "Privacy"]);
});

const HISTORY = [
  "<sip:+33222222222@10.0.0.2?Privacy=history&Reason=SIP%3Bcause%3D302>;index=1",
  '"Sales, inside" <sip:4005@10.0.0.2>;index=1.1;rc=1',
];
const HIDDEN = ["<sip:anonymous@anonymous.invalid>;index=1", ";index=1.1;rc=1"] as const;

for (const [asked, trusted, hides] of [
  [undefined, false, [true, false]],
  ["id", false, [true, false]],
  ["History;critical", false, [true, true]],
  ["id;header", false, [true, true]],
  ["history", true, [false, false]],
] as const) {
  const who = trusted ? "a trusted operator" : "an operator";
  test(`${who} is told of forwarding where Privacy is ${asked}: RFC 7044 §10.1.2`, () => {
    const between = new Between(trusted ? { assertedIdentity: "trusted" } : {});
    const more = { "History-Info": HISTORY.join(", "), ...(asked && { Privacy: asked }) };
    const [sent] = between.take("private", between.request("private", "INVITE", more));
    const message = parseMessageText(sent?.text ?? "");
    assert.equal(message.kind, "request");
    const told = message.kind === "request" ? message.headers.list("history-info") : [];
    assert.deepEqual(
      told.map((entry) => entry.includes("anonymous.invalid")),
      hides,
    );
    if (hides[0]) assert.equal(told[0], HIDDEN[0]);
    assert.ok(told[1]?.endsWith(HIDDEN[1]));
    assert.equal(told[1]?.includes("4005"), !hides[1]);
  });
}

for (const [setting, names] of [
  ["assertedIdentity", ["P-Asserted-Identity", "Remote-Party-ID"]],
  ["diversion", ["Diversion"]],
  ["historyInfo", ["History-Info"]],
  ["privacy", ["Privacy"]],
  ["reason", ["Reason"]],
] as const) {
  test(`${setting}: remove keeps ${names.join(" and ")} from the operator`, () => {
    const left = [...ALL, "Privacy"].filter((name) => !names.some((each) => each === name));
    assert.deepEqual(invited({ [setting]: "remove" }, "none"), left);
  });
}

test("what Privacy asks for is done even where Privacy itself is removed", () => {
  assert.deepEqual(invited({ privacy: "remove" }, "id"), ["Diversion", "History-Info", "Reason"]);
});

test("a request outside any dialog is treated as a call is", () => {
  const between = new Between({ diversion: "remove" });
  const [sent] = between.take("private", between.request("private", "MESSAGE", IDENTITY));
  assert.deepEqual(
    borne(sent?.text),
    ALL.filter((name) => name !== "Diversion"),
  );
});

const NOTHING = {
  assertedIdentity: "remove",
  diversion: "remove",
  historyInfo: "remove",
  privacy: "remove",
  reason: "remove",
};

test("what comes from the operator passes to the PBX whatever the trunk withholds", () => {
  const between = new Between(NOTHING);
  const more = { ...IDENTITY, Privacy: "id" };
  const [sent] = between.take("public", between.request("public", "INVITE", more));
  assert.equal(sent?.side, "private");
  assert.deepEqual(borne(sent?.text), [...ALL, "Privacy"]);
});

const TOLD = { ...IDENTITY, Privacy: "none" };
const to = (tag: string) => ({ To: `<sip:0123@192.0.2.1>;tag=${tag}` });

/** A call that is up, from one side; the tag that who called knows us by. */
function connected(from: Side, identityHeaders: object) {
  const other = from === "public" ? "private" : "public";
  const between = new Between(identityHeaders);
  const invite = only(between.take(from, between.request(from, "INVITE", TOLD)), other, /^INVITE /);
  const answered = only(between.take(other, answerTo(invite, 200, TOLD)), from, /^SIP\/2.0 200 /);
  const message = parseMessageText(answered);
  const tag = message.kind === "response" ? message.to.tag! : "";
  between.take(from, between.request(from, "ACK", to(tag)));
  return { between, tag, answered };
}

test("the operator's INVITE is answered without what the trunk withholds", () => {
  assert.deepEqual(borne(connected("public", NOTHING).answered), []);
  assert.deepEqual(borne(connected("public", {}).answered), Object.keys(TOLD));
});

for (const status of [183, 302, 404]) {
  test(`a ${status} towards the operator bears nothing that the trunk withholds`, () => {
    const between = new Between(NOTHING);
    const sent = between.take("public", between.request("public", "INVITE", {}));
    const invite = only(sent, "private", /^INVITE /);
    const back = between.take("private", answerTo(invite, status, TOLD));
    assert.deepEqual(borne(only(back, "public", new RegExp(`^SIP/2.0 ${status} `))), []);
  });
}

test("a request that is no call is answered without what the trunk withholds", () => {
  const between = new Between(NOTHING);
  const sent = between.take("public", between.request("public", "MESSAGE", {}));
  const back = between.take("private", answerTo(only(sent, "private", /^MESSAGE /), 200, TOLD));
  assert.deepEqual(borne(only(back, "public", /^SIP\/2.0 200 /)), []);
});

test("requests in the dialog keep to it, and so do their answers", () => {
  const { between, tag } = connected("private", NOTHING);
  const info = between.request("private", "INFO", { ...TOLD, ...to(tag) });
  assert.deepEqual(borne(only(between.take("private", info), "public", /^INFO /)), []);

  const other = connected("public", NOTHING);
  const asked = other.between.request("public", "INFO", { ...TOLD, ...to(other.tag) });
  const crossed = only(other.between.take("public", asked), "private", /^INFO /);
  assert.deepEqual(borne(crossed), Object.keys(TOLD));
  const back = other.between.take("private", answerTo(crossed, 200, TOLD));
  assert.deepEqual(borne(only(back, "public", /^SIP\/2.0 200 /)), []);
});

for (const reason of ["pass", "remove"]) {
  const expected = reason === "pass" ? ["Reason"] : [];
  test(`the Reason of a BYE and of a CANCEL towards the operator: ${reason}`, () => {
    const { between, tag } = connected("private", { reason });
    const bye = between.request("private", "BYE", { Reason: IDENTITY.Reason, ...to(tag) });
    assert.deepEqual(borne(only(between.take("private", bye), "public", /^BYE /)), expected);

    const ringing = new Between({ reason });
    const invite = ringing.request("private", "INVITE", {});
    const sent = only(ringing.take("private", invite), "public", /^INVITE /);
    ringing.take("public", answerTo(sent, 180, {}));
    const cancel = invite
      .replaceAll("INVITE", "CANCEL")
      .replace("\r\nFrom:", `\r\nReason: ${IDENTITY.Reason}\r\nFrom:`);
    const cancelled = only(ringing.take("private", cancel), "public", /^CANCEL /);
    assert.deepEqual(borne(cancelled), expected);
  });
}

test("a subscription of the operator is served without what the trunk withholds", () => {
  const between = new Between(NOTHING);
  const events = { Event: "presence", Expires: "60" };
  const subscribe = between.request("public", "SUBSCRIBE", events);
  const sent = only(between.take("public", subscribe), "private", /^SUBSCRIBE /);
  const back = between.take("private", answerTo(sent, 200, { ...TOLD, Expires: "60" }));
  assert.deepEqual(borne(only(back, "public", /^SIP\/2.0 200 /)), []);

  const asked = parseMessageText(sent);
  assert.equal(asked.kind, "request");
  const notify = between.request("private", "NOTIFY", {
    ...TOLD,
    Event: "presence",
    "Subscription-State": "active",
    "Call-ID": asked.kind === "request" ? asked.callId : "",
    From: "<sip:callee@peer.example>;tag=callee",
    To: `<sip:4001@peer.example>;tag=${asked.kind === "request" ? asked.from.tag : ""}`,
  });
  assert.deepEqual(borne(only(between.take("private", notify), "public", /^NOTIFY /)), []);
});
