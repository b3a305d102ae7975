import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  answer,
  type Capture,
  callee,
  caller,
  type Direction,
  expect,
  IPV4,
  IPV6,
  missing,
  PRIVATE_CABLE,
  PUBLIC_CABLE,
  PUBLIC_TLS_PORT,
  pause,
  play,
  Site,
  type Step,
  sdp,
  send,
  startTlsClient,
  startTlsServer,
} from "../lab/index.ts";

// Both cables are captured while calls that tell all they know about their network cross the
// gateway; tshark reads what each side could learn of the other.

const CALL_MS = 1_500;
/** A-law of silence: what is heard doesn't matter here. */
const A_LAW_SILENCE = 0xd5;
/** One second: it ends well before the BYE, so that no packet comes to a port that is closed. */
const AUDIO_BYTES = 8_000;

interface Wire {
  readonly public: Capture;
  readonly private: Capture;
}

describe("what the wire shows", { skip: missing("sipp", "dumpcap", "tshark") }, () => {
  let site: Site;
  let audio: string;
  const wires = new Map<Direction, Wire>();

  before(async () => {
    site = await Site.open();
    audio = join(site.folder, "silence.al");
    writeFileSync(audio, Buffer.alloc(AUDIO_BYTES, A_LAW_SILENCE));
    await site.startGateway();
    for (const direction of ["inbound", "outbound"] as const) {
      wires.set(direction, await talkativeCall(direction));
    }
  });
  after(() => site?.close());

  for (const direction of ["inbound", "outbound"] as const) {
    test(`${direction}: nothing of the private network is on the public wire`, () => {
      const { public: outside, private: inside } = wires.get(direction)!;
      const secrets = [...ADDRESSES.private, ...tellTales("pbx"), ...identifiers(inside)];
      assertAbsent(secrets, outside);
    });

    test(`${direction}: nothing of the public network is on the private wire`, () => {
      const { public: outside, private: inside } = wires.get(direction)!;
      const secrets = [...ADDRESSES.public, ...tellTales("operator"), ...identifiers(outside)];
      assertAbsent(secrets, inside);
    });

    test(`${direction}: no packet goes round the gateway`, () => {
      const { public: outside, private: inside } = wires.get(direction)!;
      assert.deepEqual([...outside.pairs()].sort(), pairs(IPV4.operator, IPV4.public));
      assert.deepEqual([...inside.pairs()].sort(), pairs(IPV4.pbx, IPV4.private));
    });

    test(`${direction}: media crosses both ways, packet by packet`, () => {
      const { public: outside, private: inside } = wires.get(direction)!;
      const counts = {
        in: rtpCount(outside, IPV4.operator),
        through: rtpCount(inside, IPV4.private),
        back: rtpCount(inside, IPV4.pbx),
        out: rtpCount(outside, IPV4.public),
      };
      assert.ok(counts.in > 40, `only ${counts.in} packets came`);
      assert.equal(counts.through, counts.in);
      assert.ok(counts.back > 40, `only ${counts.back} packets came back`);
      assert.equal(counts.out, counts.back);
    });
  }

  async function talkativeCall(direction: Direction): Promise<Wire> {
    const wire = {
      public: await site.gateway.capture(PUBLIC_CABLE),
      private: await site.gateway.capture(PRIVATE_CABLE),
    };
    const [near, far] =
      direction === "inbound" ? (["operator", "pbx"] as const) : (["pbx", "operator"] as const);
    await site.call(
      direction,
      { scenario: talkativeCaller(near, [play(audio), pause(CALL_MS)]) },
      { echo: true, scenario: talkativeCallee(far) },
    );
    await wire.public.stop();
    await wire.private.stop();
    return wire;
  }
});

for (const direction of ["inbound", "outbound"] as const) {
  describe(`what an operator reads by TLS, ${direction}`, {
    skip: missing("sipp", "socat", "openssl", "dumpcap", "tshark"),
  }, () => {
    let site: Site;
    const TLS_PORT = 5061;
    const seenAs = { transport: "tls", host: `${IPV4.operator}:${TLS_PORT}` };

    before(async () => {
      site = await Site.open();
      await site.startGateway({
        trunks: [
          {
            name: "operator",
            peers: [{ host: IPV4.operator, port: TLS_PORT, transport: "tls" }],
            verifyCertificate: false,
          },
        ],
        more: { securedInterface: true, publicProtocols: "tls", privateProtocols: "udp/tcp" },
      });
    });
    after(() => site?.close());

    test("nothing of the private network", async () => {
      // Between the end of TLS and SIPp all is in the clear, on the operator's own machine.
      const read = await site.operator.capture("lo");
      const wire = await site.gateway.capture(PUBLIC_CABLE);
      const inside = await site.gateway.capture(PRIVATE_CABLE);
      await callByTls();
      for (const capture of [read, wire, inside]) await capture.stop();
      assert.deepEqual(wire.rows("udp or sip", "frame.number"), []);
      assert.deepEqual([...wire.pairs()].sort(), pairs(IPV4.operator, IPV4.public));
      const secrets = [...ADDRESSES.private, ...tellTales("pbx"), ...identifiers(inside)];
      assertAbsent(secrets, read);
    });

    async function callByTls(): Promise<void> {
      if (direction === "inbound") {
        const near = { address: IPV4.operator, port: 5080 };
        const to = { address: IPV4.public, port: PUBLIC_TLS_PORT };
        await startTlsClient(site.operator, near, to);
        const entry = `${near.address}:${near.port}`;
        await site.call(
          "inbound",
          { scenario: talkativeCaller("operator"), transport: "tcp", to: entry, seenAs },
          { scenario: talkativeCallee("pbx") },
        );
      } else {
        const at = { address: IPV4.operator, port: TLS_PORT };
        await startTlsServer(site.operator, at, { ...at, port: 5060 });
        await site.call(
          "outbound",
          { scenario: talkativeCaller("pbx") },
          { scenario: talkativeCallee("operator"), transport: "tcp", seenAs },
        );
      }
    }
  });
}

type Place = "operator" | "pbx";

/** Tells all it knows in each message; `meanwhile` between the ACK and what follows. */
const talkativeCaller = (near: Place, meanwhile: readonly Step[] = []): string =>
  caller([
    send("INVITE", { headers: talk(near), body: talkativeSdp(near, meanwhile.length > 0) }),
    expect(100, { optional: true }),
    expect(180),
    expect(200),
    send("ACK", { headers: talk(near) }),
    ...meanwhile,
    send("INFO", { headers: talk(near), body: { type: "text/plain", text: "hello" } }),
    expect(200),
    send("REFER", {
      headers: [
        ...talk(near),
        `Refer-To: <sip:+33987654321@${nameOf(near)}>`,
        `Referred-By: <sip:boss@${addressOf(near)}>`,
      ],
    }),
    expect(202),
    send("BYE", { headers: talk(near) }),
    expect(200),
  ]);

const talkativeCallee = (far: Place): string =>
  callee([
    expect("INVITE"),
    answer("180 Ringing", { headers: talk(far) }),
    answer("200 OK", { headers: talk(far), body: talkativeSdp(far, false) }),
    expect("ACK"),
    expect("INFO"),
    answer("200 OK", { headers: talk(far) }),
    expect("REFER"),
    answer("202 Accepted", { headers: talk(far) }),
    expect("BYE"),
    answer("200 OK", { headers: talk(far) }),
  ]);

const ADDRESSES = {
  public: [IPV4.operator, IPV4.public, IPV6.operator, IPV6.public],
  private: [IPV4.pbx, IPV4.phone, IPV4.private, IPV6.pbx, IPV6.private],
};

const addressOf = (place: Place): string => (place === "pbx" ? IPV4.pbx : IPV4.operator);
const nameOf = (place: Place): string => `host-of-${place}.internal.example`;
/** Words that only this place would say. */
const tellTales = (place: Place): string[] => [
  nameOf(place),
  `software-of-${place}`,
  `user-of-${place}`,
  `tag-of-${place}`,
];

/** Headers in which a network's inside is known to leak. */
const talk = (place: Place): string[] => [
  `User-Agent: software-of-${place}/1.0`,
  `Server: software-of-${place}/1.0`,
  `Organization: ${nameOf(place)}`,
  `X-Internal-Node: ${nameOf(place)}`,
  `Warning: 399 ${nameOf(place)} "tag-of-${place}"`,
  `P-Asserted-Identity: <sip:+33111111111@${nameOf(place)}>`,
  `Diversion: <sip:+33222222222@${addressOf(place)}>;reason=unconditional`,
  `History-Info: <sip:+33333333333@${nameOf(place)}>;index=1`,
  `Call-Info: <http://${addressOf(place)}/picture>;purpose=icon`,
  `Reply-To: <sip:desk@${nameOf(place)}>`,
  `In-Reply-To: abc@${addressOf(place)}`,
  `P-Charging-Vector: icid-value=tag-of-${place};orig-ioi=${nameOf(place)}`,
];

function talkativeSdp(place: Place, plays: boolean) {
  const address = addressOf(place);
  const body = sdp({
    plays,
    attributes: [
      `rtcp:6001 IN IP4 ${address}`,
      `candidate:1 1 UDP 2130706431 ${address} 6000 typ host`,
      `ssrc:1234 cname:user-of-${place}@${nameOf(place)}`,
    ].map((text) => `a=${text}`),
  });
  const text = body.text
    .replace("o=sipp", `o=user-of-${place}`)
    .replace(
      "s=-",
      `s=software-of-${place}\ni=tag-of-${place}\nu=http://${nameOf(place)}/\ne=user-of-${place}@${nameOf(place)}`,
    );
  return { ...body, text };
}

/** Call-IDs, tags and branches of one side, by tshark's dissection. */
function identifiers(capture: Capture): string[] {
  const fields = ["sip.Call-ID", "sip.from.tag", "sip.to.tag", "sip.Via.branch"] as const;
  const values = capture.rows("sip", ...fields).flatMap((row) => fields.map((field) => row[field]));
  return [...new Set(values.flatMap((value) => value.split(",")).filter(Boolean))];
}

function assertAbsent(secrets: readonly string[], capture: Capture): void {
  const payloads = capture.payloads("sip");
  assert.ok(payloads.length >= 10, `only ${payloads.length} SIP messages were captured`);
  for (const secret of secrets) {
    const leak = payloads.find((payload) => payload.toLowerCase().includes(secret.toLowerCase()));
    assert.equal(leak, undefined, `"${secret}" is on the wire`);
  }
}

const pairs = (peer: string, gateway: string): string[] =>
  [`${peer} > ${gateway}`, `${gateway} > ${peer}`].sort();

/** RTP packets from this address: with a version of 2, and not RTCP's odd ports. */
function rtpCount(capture: Capture, source: string): number {
  return capture
    .rows(`udp and not sip and ip.src == ${source}`, "udp.payload", "udp.dstport")
    .filter((row) => row["udp.payload"].startsWith("80") && Number(row["udp.dstport"]) % 2 === 0)
    .length;
}
