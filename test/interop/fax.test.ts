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
  fax,
  IPV4,
  missing,
  pause,
  pcapOf,
  playImage,
  type RunningGateway,
  Site,
  sdp,
  send,
} from "../lab/index.ts";

// A call turns from voice to fax (T.38 over UDPTL) by a re-INVITE of who was called, as real fax
// machines do: the gateway knows nothing of what is in the datagrams, and changes no bit of them.

const media = { body: sdp() };
const DATAGRAMS = 20;
const PLAYS_MS = 800;
/** The media plane is a process of its own: on a busy machine its ports open after the 200 has gone. */
const OPENING_MS = 200;

/** What no relay may take for something else: RTP, RTCP, STUN, DTLS, a single byte, a long page. */
const ODD = [
  Buffer.from("80080001000000a000000001d5d5d5d5", "hex"),
  Buffer.from("80c90001000000ff", "hex"),
  Buffer.from("000100002112a442000000000000000000000000", "hex"),
  Buffer.from("16fefd0000000000000000000100", "hex"),
  Buffer.from([0]),
  Buffer.alloc(1_200, 0x5a),
];

/** One machine's datagrams: a sequence number as UDPTL has it, and what tells the machines apart. */
const pageOf = (machine: number): Buffer[] =>
  Array.from({ length: DATAGRAMS }, (_, number) =>
    Buffer.concat([Buffer.from([0, number, machine]), Buffer.alloc(number * 7, number)]),
  ).concat(ODD);

describe("a fax by T.38", { skip: missing("sipp", "tshark", "dumpcap") }, () => {
  describe("with media.opaque: pass", () => {
    let site: Site;
    let gateway: RunningGateway;
    before(async () => {
      site = await Site.open();
      gateway = await site.startGateway();
    });
    after(() => site?.close());

    for (const direction of ["inbound", "outbound"] as const satisfies readonly Direction[]) {
      test(`${direction}: every datagram arrives as it left, both ways`, async () => {
        const [callerPage, calleePage] = [pageOf(1), pageOf(2)];
        const outside = await site.operator.capture("wan");
        const inside = await site.pbx.capture("lan");
        const pages = join(site.folder, direction);
        writeFileSync(`${pages}-caller.pcap`, pcapOf(callerPage));
        writeFileSync(`${pages}-callee.pcap`, pcapOf(calleePage));
        await site.call(
          direction,
          {
            scenario: caller([
              send("INVITE", media),
              expect(100, { optional: true }),
              expect(200),
              send("ACK"),
              expect("INVITE", { bodyMatches: "m=image [1-9][0-9]* udptl t38" }),
              answer("200 OK", { body: fax() }),
              expect("ACK"),
              pause(OPENING_MS),
              playImage(`${pages}-caller.pcap`),
              pause(PLAYS_MS),
              send("BYE"),
              expect(200),
            ]),
          },
          {
            scenario: callee([
              expect("INVITE"),
              answer("200 OK", media),
              expect("ACK"),
              send("INVITE", { body: fax() }),
              expect(100, { optional: true }),
              expect(200, { bodyMatches: "m=image [1-9][0-9]* udptl t38" }),
              send("ACK"),
              pause(OPENING_MS),
              playImage(`${pages}-callee.pcap`),
              expect("BYE"),
              answer("200 OK"),
            ]),
          },
        );
        await outside.stop();
        await inside.stop();
        const [atCaller, atCallee] =
          direction === "inbound" ? [outside, inside] : [inside, outside];
        const said = gateway.program.output;
        assertArrived(datagramsOfOurs(atCallee), callerPage, said);
        assertArrived(datagramsOfOurs(atCaller), calleePage, said);
        assert.equal(outside.pairs().size, 2);
        assert.equal(inside.pairs().size, 2);
      });
    }
  });

  describe("with media.opaque: refuse", () => {
    let site: Site;
    before(async () => {
      site = await Site.open();
      await site.startGateway({ more: { media: { opaque: "refuse" } } });
    });
    after(() => site?.close());

    test("a fax alone is answered 488, and the voice goes on", async () => {
      await site.call(
        "inbound",
        {
          scenario: caller([
            send("INVITE", media),
            expect(100, { optional: true }),
            expect(200),
            send("ACK"),
            send("INVITE", { body: fax() }),
            expect(100, { optional: true }),
            expect(488),
            send("ACK"),
            send("INFO", { body: { type: "text/plain", text: "still there?" } }),
            expect(200),
            send("BYE"),
            expect(200),
          ]),
        },
        {
          // Whatever came of the fax would fail the scenario.
          scenario: callee([
            expect("INVITE"),
            answer("200 OK", media),
            expect("ACK"),
            expect("INFO"),
            answer("200 OK"),
            expect("BYE"),
            answer("200 OK"),
          ]),
        },
      );
    });

    test("beside a voice its line alone is off, for both", async () => {
      const image = "m=image 7000 udptl t38";
      await site.call(
        "outbound",
        {
          scenario: caller([
            send("INVITE", { body: sdp({ attributes: [image] }) }),
            expect(100, { optional: true }),
            expect(200, { bodyMatches: "m=audio [1-9].*m=image 0 " }),
            send("ACK"),
            send("BYE"),
            expect(200),
          ]),
        },
        {
          scenario: callee([
            expect("INVITE", { bodyMatches: "m=audio [1-9].*m=image 0 " }),
            answer("200 OK", { body: sdp({ attributes: ["m=image 0 udptl t38"] }) }),
            expect("ACK"),
            expect("BYE"),
            answer("200 OK"),
          ]),
        },
      );
    });
  });
});

function assertArrived(arrived: readonly string[], page: readonly Buffer[], said: string): void {
  const sent = page.map((datagram) => datagram.toString("hex"));
  const what = `${arrived.length} of ${sent.length} datagrams arrived, the first is ${arrived[0]}`;
  assert.equal(arrived.join("\n"), sent.join("\n"), `${what}; the gateway said:\n${said}`);
}

/** What the gateway sent that is no SIP. */
const datagramsOfOurs = (capture: Capture): string[] =>
  capture
    .rows(
      `udp and not icmp and not (udp.port == 5060) and (ip.src == ${IPV4.public} or ip.src == ${IPV4.private})`,
      "udp.payload",
    )
    .map((row) => row["udp.payload"].replaceAll(":", ""));
