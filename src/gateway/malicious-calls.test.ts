import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Rule } from "#security";
import type { Side } from "#sip";
import { printMessage, type Request } from "#sip-message";
import { ByHand, linesOf, type More, only, sdpOf } from "../../test/support/by-hand.ts";

const OPERATOR = "198.51.100.1";
const flowOfOperator = {
  id: "f",
  side: "public" as const,
  localAddress: "192.0.2.1",
  localPort: 5060,
  remoteAddress: OPERATOR,
  remotePort: 5060,
};
const DRY = { settings: { security: { dryRun: "yes" } } };

const invite = (site: ByHand, side: Side, more: More = {}): Request =>
  site.begin(side, "INVITE", { sdp: sdpOf(side), ...more });

const told = ({ facts }: ByHand) =>
  facts.flatMap((fact) => (fact.kind === "malicious-call" ? [fact] : []));

/** What a peer's INVITE meets, and what is told of it. */
function meets(site: ByHand, side: Side, headers: Record<string, string>) {
  const sent = linesOf(site.take(side, invite(site, side, { headers })));
  return [sent, told(site).map(({ rule, where, outcome }) => `${rule} ${where} ${outcome}`)];
}

const MALICIOUS: readonly (readonly [string, Side, Record<string, string>, string])[] = [
  ["C5: a scanner", "public", { "user-agent": "friendly-scanner" }, "scanner User-Agent"],
  ["C5: a scanner inside", "private", { "user-agent": "sipvicious 0.3" }, "scanner User-Agent"],
  ["C5: one that hides", "public", { from: '"sipvicious" <sip:1@x>;tag=1' }, "scanner From"],
  ["B5: our Via", "public", { via: "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK9" }, "forged Via"],
  [
    "B5: our Via's default port",
    "public",
    { via: "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK9" },
    "forged Via",
  ],
  ["B5: our Contact", "public", { contact: "<sip:x@192.0.2.1:5060>" }, "forged Contact"],
  ["B5: our other side", "public", { contact: "<sip:x@10.77.0.1:5062>" }, "forged Contact"],
  ["B5: ours, by the PBX", "private", { contact: "<sip:x@192.0.2.1>" }, "forged Contact"],
];

for (const [what, side, headers, finding] of MALICIOUS) {
  test(`${what} is refused, told of and not denied, though its source is served`, () => {
    const site = new ByHand();
    assert.deepEqual(meets(site, side, headers), [[403], [`${finding} refused`]]);
    const fact = site.facts.find(({ kind }) => kind === "refused");
    assert.equal(fact?.kind === "refused" && fact.end, "malicious");
    assert.deepEqual([...site.gateway.denied("dos")], []);
    assert.equal(site.gateway.callCount + site.gateway.portsHeld, 0);
  });

  test(`${what} passes in a dry run, and is told of`, () => {
    const site = new ByHand(DRY);
    assert.deepEqual(meets(site, side, headers), [["INVITE"], [`${finding} dry-run`]]);
  });
}

test("B5: our public name as a Contact is a forgery outside, and may be the PBX's inside", () => {
  const named = { settings: { publicFqdn: "sbc.example.com" } };
  const headers = { contact: "<sip:x@sbc.example.com>" };
  assert.deepEqual(meets(new ByHand(named), "public", headers)[0], [403]);
  assert.deepEqual(meets(new ByHand(named), "private", headers)[0], ["INVITE"]);
});

describe("what is honest passes", () => {
  const HONEST: readonly (readonly [string, Side, Record<string, string>])[] = [
    ["a softphone of a well-known kit", "public", { "user-agent": "VaxSIPUserAgent/3.1" }],
    ["a caller by the name of a tool", "public", { from: '"Iwar Smap" <sip:smap@x>;tag=1' }],
    ["our address at a port that isn't ours", "public", { contact: "<sip:x@192.0.2.1:5070>" }],
    ["a private address that is the PBX's too", "public", { contact: "<sip:x@10.77.0.2>" }],
    ["From with our address", "public", { from: "<sip:0999@192.0.2.1:5060>;tag=1" }],
  ];
  for (const [what, side, headers] of HONEST)
    test(what, () => assert.deepEqual(meets(new ByHand(), side, headers), [["INVITE"], []]));

  test("our own call that a proxy sends back to us has our Contact still", () => {
    const site = new ByHand();
    const out = only(site.take("private", invite(site, "private")), "INVITE").message;
    const headers = { contact: out.headers.get("contact")!, from: out.headers.get("from")! };
    const back = invite(site, "public", { headers });
    assert.ok(linesOf(site.take("public", back)).includes("INVITE"));
    assert.deepEqual(told(site), []);
  });

  test("a PBX on the gateway's own machine has its address, and other ports", () => {
    const headers = { via: "SIP/2.0/UDP 10.77.0.1:5062;branch=z9hG4bK9" };
    const site = new ByHand({
      settings: { pbx: { host: "10.77.0.1", port: 5070, optionsIntervalS: 0 } },
    });
    const sent = site.take("private", invite(site, "private", { headers }), {
      remoteAddress: "10.77.0.1",
    });
    assert.deepEqual(linesOf(sent), ["INVITE"]);
  });
});

test("B3, C5: other requests that cross are looked at too, and OPTIONS is answered", () => {
  const site = new ByHand();
  const headers = { "user-agent": "sipvicious" };
  for (const [method, answer] of [
    ["MESSAGE", 403],
    ["SUBSCRIBE", 403],
    ["OPTIONS", 200],
  ] as const) {
    const request = site.begin("public", method, { headers: { ...headers, event: "presence" } });
    assert.deepEqual(linesOf(site.take("public", request)), [answer], method);
  }
  assert.deepEqual(
    told(site).map(({ method }) => method),
    ["MESSAGE", "SUBSCRIBE"],
  );
});

test("E4: a description aimed at us is refused as before, told of, and remembered", () => {
  for (const site of [new ByHand(), new ByHand(DRY)]) {
    const sdp = sdpOf("public").replaceAll("198.51.100.1", "192.0.2.1").replace("30000", "20000");
    assert.deepEqual(linesOf(site.take("public", invite(site, "public", { sdp }))), [488]);
    assert.deepEqual(
      told(site).map(({ rule, where, outcome }) => [rule, where, outcome]),
      [["smuggled-media", "SDP", "refused"]],
    );
    const [refused] = site.gateway.explain(OPERATOR, site.now).refused;
    assert.deepEqual([refused?.counts, refused?.end], [{ "smuggled-media": 1 }, "sdp-target"]);
  }
});

describe("C3: a trunk's caller that goes through numbers nobody has", () => {
  let calls = 0;
  /** A call from outside; what the PBX answers it, where it is asked. */
  function dial(site: ByHand, caller: string, number: string, status: number): (string | number)[] {
    const request = invite(site, "public", {
      headers: { from: `<sip:${caller}@${OPERATOR}>;tag=t${++calls}`, "call-id": `c${calls}` },
    });
    request.uri = `sip:${number}@192.0.2.1:5060`;
    const sent = site.take("public", request);
    const asked = sent.find(({ message }) => message.kind === "request");
    return linesOf(asked ? site.take("private", site.answer(asked, status)) : sent);
  }
  const scan = (site: ByHand, caller: string): void => {
    for (let i = 0; i < 10; i++) assert.ok(dial(site, caller, `70${i}`, 404).includes(404));
  };

  test("is refused, and may call the numbers that there are; others aren't touched", () => {
    const site = new ByHand();
    assert.ok(dial(site, "0111", "200", 486).includes(486));
    scan(site, "0999");
    assert.deepEqual(dial(site, "0999", "710", 404), [403]);
    assert.ok(dial(site, "0999", "200", 486).includes(486));
    assert.ok(dial(site, "0111", "711", 404).includes(404));
    assert.deepEqual(
      told(site).map(({ rule, where, excerpt }) => [rule, where, excerpt]),
      [["unknown-numbers", "Request-URI", "710"]],
    );
    site.wait(600_000);
    assert.ok(dial(site, "0999", "710", 404).includes(404));
  });

  test("passes when it is hidden, as others are, or in a dry run; and is told of", () => {
    for (const [site, caller, outcome] of [
      [new ByHand(), "anonymous", "hidden-caller"],
      [new ByHand(DRY), "0999", "dry-run"],
    ] as const) {
      scan(site, caller);
      assert.ok(dial(site, caller, "710", 404).includes(404));
      assert.deepEqual(
        told(site).map((fact) => fact.outcome),
        [outcome],
      );
    }
  });
});

test("A10: what is no message is refused with its own error, and remembered", () => {
  const site = new ByHand();
  const flow = { ...flowOfOperator, transport: "udp" as const };
  for (let i = 0; i < 3; i++) site.happen({ kind: "received", flow, text: "INVITE x\r\n\r\n" });
  const [refused] = site.gateway.explain(OPERATOR, site.now).refused;
  assert.deepEqual([refused?.counts, refused?.end], [{ malformed: 3 }, "bad-request"]);
  assert.deepEqual(refused?.evidence[0], "message: INVITE x\\r\\n\\r\\n");
});

describe("one query tells why, and what would happen", () => {
  const HEADERS = { "user-agent": `friendly-scanner\x07${"x".repeat(500)}` };

  test("of a trunk's malicious call: rule, count, first lines, end; nothing is counted", () => {
    const site = new ByHand();
    const text = printMessage(invite(site, "public", { headers: HEADERS }));
    const ask = (address: string) => site.gateway.wouldPass("public", address, 5060, text);
    const verdict = ask(OPERATOR);
    assert.deepEqual([verdict.passes, verdict.why, verdict.end], [false, "malicious", "malicious"]);
    assert.deepEqual([verdict.broken?.rule, verdict.broken?.where], ["scanner", "User-Agent"]);
    assert.match(verdict.broken!.excerpt, /^friendly-scanner\\x07x{100}/);
    assert.deepEqual(site.gateway.explain(OPERATOR, site.now).refused, []);
    for (let i = 0; i < 9; i++) meets(site, "public", { ...HEADERS, "call-id": `c${i}` });
    const [refused] = site.gateway.explain(OPERATOR, site.now).refused;
    assert.deepEqual([refused?.side, refused?.counts], ["public", { scanner: 9 }]);
    assert.deepEqual([refused?.end, refused?.evidence.length], ["malicious", 5]);
    for (const line of refused!.evidence) assert.ok(line.length <= 220 && /^[ -~]+$/.test(line));
    assert.equal(ask("203.0.113.9").why, "stranger");
  });

  const STRANGER = "203.0.113.9";
  const AIMED = sdpOf("public").replaceAll(OPERATOR, "192.0.2.1");
  const STRANGE: readonly (readonly [string, number, (site: ByHand, i: number) => Request])[] = [
    ["smuggled-media", 4, (site) => invite(site, "public", { sdp: AIMED })],
    [
      "unknown-numbers",
      12,
      (site, i) => {
        const asked = invite(site, "public");
        asked.uri = `sip:90${i}@192.0.2.1`;
        return asked;
      },
    ],
    ["scanner", 2, (site) => invite(site, "public", { headers: HEADERS })],
  ];
  for (const security of [{}, { dryRun: "yes" }])
    for (const [rule, requests, request] of STRANGE)
      test(`of a stranger's ${rule}${"dryRun" in security ? " in a dry run" : ""}`, () => {
        const site = new ByHand({ settings: { security } });
        const from = { remoteAddress: STRANGER };
        for (let i = 0; i < requests; i++) site.take("public", request(site, i), from);
        const [line, ...others] = site.gateway.explain(STRANGER, site.now).denied;
        assert.deepEqual([line?.rule, others], [rule, []]);
        assert.ok((line!.counts[rule as Rule] ?? 0) >= 2);
        for (const seen of line!.evidence) assert.ok(seen.length <= 200 && /^[ -~]+$/.test(seen));
        const text = printMessage(request(site, 99));
        const verdict = site.gateway.wouldPass("public", STRANGER, 5060, text);
        const isDry = "dryRun" in security;
        assert.deepEqual([verdict.passes, verdict.why], [false, isDry ? "stranger" : "denied"]);
        assert.deepEqual([verdict.denied?.rule, verdict.denied?.isDryRun], [rule, isDry]);
      });

  test("of a request of a stranger that nothing stands against yet: what it would be evidence of", () => {
    const site = new ByHand();
    const of = (more: More) => {
      const text = printMessage(invite(site, "public", more));
      return site.gateway.wouldPass("public", STRANGER, 5060, text);
    };
    assert.deepEqual(of({}), { passes: false, why: "stranger" });
    assert.equal(of({ sdp: AIMED }).broken?.rule, "smuggled-media");
    assert.equal(of({ headers: HEADERS }).broken?.rule, "scanner");
    assert.deepEqual(site.gateway.explain(STRANGER, site.now).suspicions, []);
  });

  test("in a dry run it passes, and the answer says what it breaks", () => {
    const site = new ByHand(DRY);
    const text = printMessage(invite(site, "public", { headers: HEADERS }));
    const { passes, why, end, broken } = site.gateway.wouldPass("public", OPERATOR, 5060, text);
    assert.deepEqual([passes, why, end, broken?.rule], [true, "malicious", undefined, "scanner"]);
    meets(site, "public", HEADERS);
    assert.equal(site.gateway.explain(OPERATOR, site.now).refused[0]?.end, undefined);
  });

  test("of what is honest, of what is no message, and of a denied source", () => {
    const site = new ByHand({ settings: { security: { dos: { requests: 10 } } } });
    const text = printMessage(invite(site, "public"));
    assert.equal(site.gateway.wouldPass("public", OPERATOR, 5060, text).why, "trusted");
    const broken = site.gateway.wouldPass("public", OPERATOR, 5060, "INVITE x\r\n\r\n");
    assert.deepEqual(
      [broken.why, broken.end, broken.broken?.rule],
      ["malformed", "bad-request", "malformed"],
    );
    for (let i = 0; i < 20; i++)
      site.take("public", site.begin("public", "OPTIONS"), { remoteAddress: "203.0.113.9" });
    const denied = site.gateway.wouldPass("public", "203.0.113.9", 5060, text);
    assert.deepEqual([denied.why, denied.denied?.rule], ["denied", "flood"]);
  });
});
