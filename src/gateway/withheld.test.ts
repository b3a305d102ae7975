import assert from "node:assert/strict";
import { test } from "node:test";
import { type Instant, latin1Bytes, seededRandom } from "#base";
import { validateSettings } from "#settings";
import type { Flow, Side } from "#sip";
import { Headers, parseMessageText, printMessage, Request } from "#sip-message";
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
    this.#gateway.handle({ kind: "bytes", flow, bytes: latin1Bytes(text) }, this.#now);
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
    for (const [name, value] of Object.entries(more)) headers.add(name, value);
    return printMessage(new Request(method, `sip:0123@${us}`, headers));
  }
}

/** Which of the identity headers a message bears. */
function borne(text: string | undefined): string[] {
  const message = parseMessageText(text ?? "");
  assert.notEqual(message.kind, "parse-failure");
  if (message.kind === "parse-failure") return [];
  return [...Object.keys(IDENTITY), "Privacy"].filter((name) =>
    message.headers.has(name.toLowerCase()),
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
