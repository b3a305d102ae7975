import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  answer,
  callee,
  caller,
  expect,
  type Host,
  IPV4,
  missing,
  type Program,
  pause,
  pcapOf,
  play,
  Site,
  sdp,
  send,
  startSipp,
  startTlsClient,
  startTlsServer,
} from "../lab/index.ts";

const PASSERELLE = join(import.meta.dirname, "../../bin/passerelle");
const skip = missing("sipp", "socat", "openssl");
const media = { body: sdp() };
const PACKETS = 50;
/** A second of G.711. */
const voice = Array.from({ length: PACKETS }, (_, i) => {
  const packet = Buffer.alloc(172, 0xd5);
  packet.writeUInt16BE(0x8008, 0);
  packet.writeUInt16BE(i, 2);
  packet.writeUInt32BE(i * 160, 4);
  packet.writeUInt32BE(0x1234, 8);
  return packet;
});
const calling = (audio: string): string =>
  caller([
    send("INVITE", media),
    expect(100, { optional: true }),
    expect(180),
    expect(200),
    send("ACK"),
    play(audio),
    pause(1_500),
    send("BYE"),
    expect(200),
  ]);
const called = callee([
  expect("INVITE"),
  answer("180 Ringing"),
  answer("200 OK", media),
  expect("ACK"),
  expect("BYE"),
  answer("200 OK"),
]);

/** The addresses of a preset's text, and those of the site that stand for them. */
const PLACES: Record<number, Record<string, string>> = {
  1: { "203.0.113.10": IPV4.public, "192.168.10.5": IPV4.public },
  2: { "203.0.113.10": IPV4.public, "192.168.20.5": IPV4.public, "192.168.10.5": IPV4.private },
  3: { "203.0.113.10": IPV4.public, "10.20.0.5": IPV4.public, "192.168.10.5": IPV4.pbx },
};
const PBX: Record<number, string> = { 1: IPV4.public, 2: IPV4.private, 3: IPV4.pbx };
const TRUNK = `trunks:
  - name: operator
    optionsIntervalS: 0
    verifyCertificate: no
    peers:
      - host: ${IPV4.operator}
        transport: tls`;

for (const n of [1, 2, 3]) {
  describe(`preset ${n}`, { skip }, () => {
    let site: Site;
    let gateway: Program;
    let audio: string;
    before(async () => {
      site = await Site.open();
      audio = join(site.folder, "voice.pcap");
      writeFileSync(audio, pcapOf(voice));
      let text = site.gateway.run(PASSERELLE, "preset", String(n));
      for (const [from, to] of Object.entries(PLACES[n]!)) text = text.replaceAll(from, to);
      text =
        text
          .replace("trunks: []", TRUNK)
          .replace("  port: 5061", "  port: 5061\n  optionsIntervalS: 0") +
        "\nlog:\n  level: debug\n  showPrivateData: yes\n";
      const file = site.gateway.write("preset.yaml", text);
      gateway = site.gateway.start({
        name: "passerelle",
        command: [PASSERELLE, "run", "--settings", file, "--data", join(site.folder, "data")],
      });
      await gateway.line(/\bready\b/, 20_000);
    });
    after(() => site?.close());

    for (const direction of ["inbound", "outbound"] as const) {
      test(direction, async () => {
        const pbx: [Host, string] = [n === 3 ? site.pbx : site.gateway, PBX[n]!];
        const operator: [Host, string] = [site.operator, IPV4.operator];
        const [from, to] = direction === "inbound" ? [operator, pbx] : [pbx, operator];
        const entry = { address: from[1], port: 5080 };
        const door =
          direction === "inbound"
            ? { address: IPV4.public, port: 5063 }
            : { address: n === 2 ? IPV4.private : IPV4.public, port: 5064 };
        const tunnels = [
          await startTlsClient(from[0], entry, door),
          await startTlsServer(
            to[0],
            { address: to[1], port: 5061 },
            { address: to[1], port: 5160 },
          ),
        ];
        const tls = (address: string) => ({ transport: "tls", host: `${address}:5061` });
        const at = await startSipp({
          host: to[0],
          address: to[1],
          port: 5160,
          transport: "tcp",
          seenAs: tls(to[1]),
          scenario: called,
          echo: true,
          mediaPort: 6100,
        });
        const by = await startSipp({
          host: from[0],
          address: from[1],
          port: 5170,
          transport: "tcp",
          seenAs: tls(from[1]),
          scenario: calling(audio),
          to: `${entry.address}:${entry.port}`,
          target: `sip:+33123456789@${door.address}:${door.port}`,
        });
        const ends = await Promise.allSettled([by.done(), at.done()]);
        for (const one of tunnels) await one.stop();
        const bad = ends.filter((one) => one.status === "rejected");
        if (bad.length > 0)
          throw new Error(
            `${bad.map((one) => String(one.reason)).join("\n")}\n${gateway.output.slice(-2500)}`,
          );
        const call = [...gateway.output.matchAll(/call (\w+): answered/g)].at(-1)![1];
        const line = new RegExp(
          `stream ${call}\\S*: caller (\\d+) in, (\\d+) out.*callee (\\d+) in, (\\d+) out`,
        );
        await gateway.line(line, 5_000);
        const counts = line.exec(gateway.output)!.slice(1).map(Number);
        assert.ok(Math.min(...counts) >= PACKETS * 0.8, counts.join(" "));
      });
    }
  });
}

describe("presets of a daisy chain", { skip }, () => {
  let site: Site;
  before(async () => {
    site = await Site.open();
  });
  after(() => site?.close());

  for (const n of ["4", "5"]) {
    for (const element of ["wan", "lan"]) {
      test(`${n} ${element}: valid, and refused by run with its reason`, () => {
        const text = site.gateway
          .run(PASSERELLE, "preset", n, "--element", element)
          .replaceAll("203.0.113.10", IPV4.public)
          .replaceAll("10.20.0.6", element === "wan" ? IPV4.public : IPV4.operator)
          .replaceAll("192.168.10.6", element === "lan" ? IPV4.private : IPV4.pbx)
          .replaceAll("192.168.10.5", IPV4.pbx);
        const file = site.gateway.write(`preset-${n}-${element}.yaml`, text);
        assert.match(site.gateway.run(PASSERELLE, "check", file), /^valid/);
        assert.throws(
          () => site.gateway.run(PASSERELLE, "run", "--settings", file, "--data", site.folder),
          new RegExp(`mode: chained-${element}: not available yet`),
        );
      });
    }
  }
});
