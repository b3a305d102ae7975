import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  type Aim,
  answer,
  type Capture,
  callee,
  caller,
  expect,
  floodBySipp,
  type Host,
  IPV4,
  type LeftKind,
  leaveConnections,
  missing,
  PUBLIC_PORT,
  PUBLIC_TLS_PORT,
  pause,
  type RunningGateway,
  Site,
  STRANGE_CABLE,
  sdp,
  send,
  startSipp,
  strangeAddress,
} from "../lab/index.ts";

// The tools that attack telephone systems, from Debian, against the running gateway, while an
// operator's calls go on: no attack learns anything, and no call is lost.

const skip = missing(
  "sipp",
  "svmap",
  "svwar",
  "svcrack",
  "sipsak",
  "socat",
  "nft",
  "tshark",
  "dumpcap",
);

const CALLS_PER_SECOND = 20;
const FLOOD_PER_SECOND = 1_000;
const FLOOD_REQUESTS = 3_000;
const LEFT = 200;
/** Bytes of a datagram that takes three packets, and how many are sent. */
const PADDING = 3_000;
const FRAGMENTED = 5_000;
/** Of what comes to the gateway's cable from strangers only first fragments arrive. */
const LATER_FRAGMENTS_LOST = `table netdev later {
  chain in {
    type filter hook ingress device "internet" priority 0;
    ip frag-off & 0x1fff != 0 counter drop
  }
}`;
const TOOL_PATIENCE_MS = 30_000;
const FORGIVEN_PATIENCE_MS = 60_000;
const ADDRESSES = 40;
const WORD_BY_THE_GATEWAY = `ip.src == ${IPV4.public} and not icmp and (udp or tcp.len > 0)`;

const sip: Aim = { address: IPV4.public, port: PUBLIC_PORT };
const tls: Aim = { address: IPV4.public, port: PUBLIC_TLS_PORT };

describe("attacks by real tools", { skip }, () => {
  let site: Site;
  let gateway: RunningGateway;
  let stranger: Host;
  /** The first address is sipsak's, which takes no other. */
  let next = 1;

  before(async () => {
    site = await Site.open();
    stranger = await site.stranger(ADDRESSES);
    gateway = await site.startGateway({
      more: {
        securedInterface: true,
        publicProtocols: "tls+udp/tcp",
        privateProtocols: "udp/tcp",
        security: { denyPeriod: "30s", ddos: { requests: 5000, windowS: 2 } },
        log: { level: "info" },
      },
    });
  });
  after(() => site?.close());

  /** One that no test has used: what an earlier one did isn't held against it. */
  const newAddress = (): string => strangeAddress(next++);

  const run = (...command: readonly string[]) =>
    stranger.start({ name: command[0]!, command, folder: stranger.newFolder("tool") });

  /** Makes calls while `attack` goes on; every one of them must go as both ends say. */
  async function duringCalls(attack: () => Promise<void>): Promise<void> {
    const calls = await startHonestCalls(site);
    try {
      await attack();
    } finally {
      await calls.finish();
    }
  }

  /** What came back to the attacker in the meantime. */
  async function heardDuring(attack: () => Promise<void>): Promise<Capture> {
    const capture = await stranger.capture(STRANGE_CABLE);
    await duringCalls(attack);
    await capture.stop();
    return capture;
  }

  const denied = (address: string): Promise<RegExpExecArray> =>
    gateway.program.line(
      new RegExp(`${address.replaceAll(".", "\\.")}[^\\n]* denied for [^\\n]*: ([a-z ]+)`),
    );

  describe("scanners learn nothing, and no call is lost", () => {
    test("D1 svmap finds no device on the ports of SIP", async () => {
      const output: string[] = [];
      const heard = await heardDuring(async () => {
        const own = newAddress();
        for (const method of ["OPTIONS", "INVITE", "REGISTER"]) {
          const ports = `${PUBLIC_PORT - 2}-${PUBLIC_PORT + 4}`;
          const tool = run("svmap", "-b", own, "-p", ports, "-m", method, IPV4.public);
          await tool.succeeds(TOOL_PATIENCE_MS);
          output.push(tool.output);
        }
      });
      assert.doesNotMatch(output.join("\n"), /SIP Device/);
      assert.deepEqual(heard.rows(WORD_BY_THE_GATEWAY, "ip.dst"), []);
    });

    for (const method of ["REGISTER", "INVITE", "OPTIONS"]) {
      test(`C3 svwar finds no extension by ${method}`, async () => {
        let output = "";
        const heard = await heardDuring(async () => {
          const range = ["-e", "100-999", "--force", "-t", "0.001", "--maximumtime", "3"];
          const tool = run("svwar", "-b", newAddress(), "-m", method, ...range, IPV4.public);
          await tool.line(/ended|stopping|stopped|WARN|ERROR|found|Total time/i, TOOL_PATIENCE_MS);
          await tool.stop("SIGINT");
          output = tool.output;
        });
        assert.doesNotMatch(output, /\| *\d+ *\| *(reqauth|noauth|weird)/);
        assert.deepEqual(heard.rows(WORD_BY_THE_GATEWAY, "ip.dst"), []);
      });
    }

    test("C4 svcrack is never asked for a password", async () => {
      let output = "";
      const heard = await heardDuring(async () => {
        const tool = run(
          "svcrack",
          ...[
            "-b",
            newAddress(),
            "-u",
            "100",
            "-r",
            "1000-9999",
            "--maximumtime",
            "3",
            IPV4.public,
          ],
        );
        await tool.ended;
        output = tool.output;
      });
      assert.doesNotMatch(output, /The password for|\| *100 *\|/);
      assert.deepEqual(heard.rows(WORD_BY_THE_GATEWAY, "ip.dst"), []);
    });

    test("A10 sipsak's random trash is answered by nothing", async () => {
      const heard = await heardDuring(async () => {
        // It leaves by the first address, and waits for an answer as long as a transaction may.
        const tool = run("sipsak", "-R", "-D", "2", "-s", `sip:100@${IPV4.public}:${PUBLIC_PORT}`);
        await tool.ended;
        assert.notEqual(tool.output, "");
      });
      assert.deepEqual(heard.rows(WORD_BY_THE_GATEWAY, "ip.dst"), []);
    });
  });

  describe("floods lose no call", () => {
    for (const method of ["REGISTER", "INVITE", "OPTIONS"]) {
      test(`D1 ${method} by UDP from SIPp: denied, and not answered`, async () => {
        const from = newAddress();
        const heard = await heardDuring(async () => {
          const flood = floodBySipp(stranger, {
            ...sip,
            ...{ method, transport: "udp", from },
            requestsPerSecond: FLOOD_PER_SECOND,
            requests: FLOOD_REQUESTS,
          });
          assert.equal((await denied(from))[1], "flood of requests");
          await flood.stop();
        });
        assert.deepEqual(heard.rows(WORD_BY_THE_GATEWAY, "ip.dst"), []);
      });
    }

    test("D1 REGISTER by TCP from SIPp is not answered", async () => {
      const from = newAddress();
      const heard = await heardDuring(async () => {
        // With its connection closed SIPp comes no further.
        const flood = floodBySipp(stranger, {
          ...sip,
          ...{ method: "REGISTER", transport: "tcp", from },
          ...{ requestsPerSecond: FLOOD_PER_SECOND, requests: 1 },
        });
        await flood.ended;
      });
      assert.deepEqual(heard.rows(WORD_BY_THE_GATEWAY, "ip.dst"), []);
    });

    test("D1 sipsak's flood: denied, and not answered", async () => {
      // It leaves by the host's first address, whatever it is told.
      const heard = await heardDuring(async () => {
        const flood = run("sipsak", "-F", "-s", `sip:100@${IPV4.public}:${PUBLIC_PORT}`);
        await denied(strangeAddress(0));
        await flood.stop("SIGKILL");
      });
      assert.deepEqual(heard.rows(WORD_BY_THE_GATEWAY, "ip.dst"), []);
    });
  });

  describe("connections opened and left lose no call", () => {
    const kinds: readonly (readonly [string, LeftKind, Aim])[] = [
      ["D3 idle ones by TCP", "idle", sip],
      ["D3 idle ones by TLS", "idle-tls", tls],
      ["D4 half a message", "half-message", sip],
      ["D4 a message byte by byte", "slow-bytes", sip],
      ["D4 half a handshake", "half-handshake", tls],
    ];
    for (const [name, kind, aim] of kinds) {
      test(name, () =>
        duringCalls(async () => {
          const from = Array.from({ length: 4 }, newAddress);
          const attack = leaveConnections(stranger, { ...aim, kind, from, standing: LEFT });
          await attack.line(new RegExp(`standing ${LEFT}`), TOOL_PATIENCE_MS);
          await attack.stop();
        }),
      );
    }

    for (const [transport, kind, aim] of [
      ["TCP", "invite-and-close", sip],
      ["TLS", "invite-and-close-tls", tls],
    ] as const) {
      test(`D2 INVITE by ${transport}, then close: denied`, () =>
        duringCalls(async () => {
          const from = newAddress();
          const attack = leaveConnections(stranger, { ...aim, kind, from: [from] });
          assert.equal((await denied(from))[1], "flood of requests");
          await attack.stop();
        }));
    }
  });

  describe("IP fragments", () => {
    const pad = "a".repeat(PADDING);

    test("D6 an operator's message over the MTU is heard", async () => {
      const media = { body: sdp() };
      await site.call(
        "inbound",
        {
          scenario: caller([
            send("INVITE", { ...media, headers: [`X-Pad: ${pad}`] }),
            expect(100, { optional: true }),
            expect(200),
            send("ACK"),
            send("BYE"),
            expect(200),
          ]),
        },
        {
          scenario: callee([
            expect("INVITE"),
            answer("200 OK", media),
            expect("ACK"),
            expect("BYE"),
            answer("200 OK"),
          ]),
        },
      );
    });

    test("D6 datagrams that never become whole lose no call", async () => {
      site.gateway.run("nft", LATER_FRAGMENTS_LOST);
      const lost = (): number =>
        Number(
          /packets (\d+)/.exec(site.gateway.run("nft", "list", "table", "netdev", "later"))?.[1],
        );
      try {
        const heard = await heardDuring(async () => {
          const to = `UDP4-SENDTO:${IPV4.public}:${PUBLIC_PORT},bind=${newAddress()}`;
          const bytes = FRAGMENTED * PADDING;
          const send = `head -c ${bytes} /dev/zero | socat -u -b ${PADDING} - ${to}`;
          await run("sh", "-c", send).succeeds(TOOL_PATIENCE_MS);
        });
        assert.ok(lost() >= FRAGMENTED, `${lost()} later fragments were lost`);
        assert.deepEqual(heard.rows(WORD_BY_THE_GATEWAY, "ip.dst"), []);
      } finally {
        site.gateway.run("nft", "delete table netdev later");
      }
    });
  });

  test("D1 a source that floods is forgiven after the period, and told of", async () => {
    const from = newAddress();
    await duringCalls(async () => {
      const flood = floodBySipp(stranger, {
        ...sip,
        ...{ method: "OPTIONS", transport: "udp", from },
        requestsPerSecond: FLOOD_PER_SECOND,
        requests: FLOOD_REQUESTS,
      });
      await denied(from);
      // What comes after it was denied is what the gate drops.
      await flood.ended;
      const forgiven = new RegExp(
        `${from.replaceAll(".", "\\.")}[^\\n]* no longer denied[^\\n]*, (\\d+) messages dropped`,
      );
      const [, dropped] = await gateway.program.line(forgiven, FORGIVEN_PATIENCE_MS);
      assert.ok(Number(dropped) > 0, "the gate dropped nothing");
    });
  });
});

/** Calls at a steady rate from the operator to the PBX, until they are told to finish. */
async function startHonestCalls(site: Site): Promise<{ finish(): Promise<void> }> {
  const media = { body: sdp() };
  const receiver = await startSipp({
    host: site.pbx,
    address: IPV4.pbx,
    port: 5060,
    calls: 1_000_000,
    scenario: callee([
      expect("INVITE"),
      answer("180 Ringing"),
      answer("200 OK", media),
      expect("ACK"),
      expect("BYE"),
      answer("200 OK"),
    ]),
  });
  const sender = await startSipp({
    host: site.operator,
    address: IPV4.operator,
    port: 5060,
    to: `${IPV4.public}:${PUBLIC_PORT}`,
    target: `sip:+33123456789@${IPV4.public}:${PUBLIC_PORT}`,
    calls: 1_000_000,
    callsPerSecond: CALLS_PER_SECOND,
    scenario: caller([
      send("INVITE", media),
      expect(100, { optional: true }),
      expect(180),
      expect(200),
      send("ACK"),
      pause(500),
      send("BYE"),
      expect(200),
    ]),
  });
  await sender.program.reaches("made a call", () => sender.counts().successful > 0);
  const finish = async (): Promise<void> => {
    // Begins no more calls, and ends with the last one.
    sender.program.signal("SIGUSR1");
    await sender.program.ended;
    await receiver.program.stop();
    const { created, successful, failed } = sender.counts();
    assert.equal(failed, 0, sender.errors());
    assert.equal(successful, created);
  };
  return { finish };
}
