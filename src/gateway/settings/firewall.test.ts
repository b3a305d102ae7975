import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { firewallMatrix, portsText } from "./firewall.ts";
import { printFirewall } from "./firewall-print.ts";
import { presetsOf } from "./presets.ts";
import type { Settings } from "./settings.ts";
import { validateSettings } from "./validate.ts";

const read = (text: string): unknown => parse(text, { schema: "failsafe" });

const preset = (architecture: 1 | 2 | 3 | 4 | 5, i = 0): Settings =>
  validateSettings(read(presetsOf(architecture)[i]!.text)).settings!;
const matrix = (settings: Settings): string[] =>
  firewallMatrix(settings).map(
    ({ from, to, protocol, ports }) => `${from.name} > ${to.name} ${protocol} ${portsText(ports)}`,
  );

const plain = (more: object): Settings =>
  validateSettings({
    securedInterface: "no",
    publicLocal: { address: "192.0.2.1" },
    privateLocal: { address: "10.0.0.1" },
    pbx: { host: "10.0.0.2" },
    ...more,
  }).settings!;

test("with the PBX on the same machine only the public side needs ports", () => {
  assert.deepEqual(matrix(preset(1)), [
    "internet > gateway tcp 5063",
    "internet > gateway udp 20000-27999",
  ]);
  assert.deepEqual(matrix(preset(2)), matrix(preset(1)));
});

test("with the PBX apart the matrix of the manual (§4.1.3.2.1) shows the configured private port", () => {
  assert.deepEqual(matrix(preset(3)), [
    "internet > gateway tcp 5063",
    "internet > gateway udp 20000-27999",
    "PBX > gateway tcp 5064",
    "LAN > gateway udp 20000-27999",
    "gateway > PBX tcp 5061",
    "gateway > LAN udp 40000-41000",
  ]);
  const moved = {
    ...preset(3),
    privateLocal: { address: "10.20.0.5", tlsPort: 5065, plainPort: 5062 },
  };
  assert.ok(matrix(moved).includes("PBX > gateway tcp 5065"));
});

test("OTT devices need the web services on both sides", () => {
  const rows = matrix({ ...preset(3), ottSupport: true });
  assert.ok(rows.includes("internet > gateway tcp 4445"));
  assert.ok(rows.includes("gateway > PBX tcp 4445"));
});

test("the elements of a chain talk to one another alone (§4.1.3.2.2)", () => {
  assert.deepEqual(matrix(preset(4)), [
    "internet > WAN element tcp 5063",
    "internet > WAN element udp 20000-27999",
    "LAN element > WAN element tcp 5064",
    "LAN element > WAN element udp 20000-27999",
    "WAN element > LAN element tcp 5063",
    "WAN element > LAN element udp 20000-27999",
  ]);
  assert.deepEqual(matrix(preset(4, 1)), [
    "WAN element > LAN element tcp 5063",
    "WAN element > LAN element udp 20000-27999",
    "LAN element > WAN element tcp 5064",
    "LAN element > WAN element udp 20000-27999",
  ]);
});

test("trunks and DNS have their rows", () => {
  const rows = matrix(
    plain({
      trunks: [
        {
          name: "op",
          peers: [{ host: "op.example" }, { host: "198.51.100.7", port: 5070, transport: "tcp" }],
        },
      ],
    }),
  );
  assert.ok(rows.includes("gateway > trunk op (op.example) udp 5060"));
  assert.ok(rows.includes("gateway > trunk op (198.51.100.7) tcp 5070"));
  assert.ok(rows.includes("gateway > DNS server udp 53"));
  assert.ok(
    rows.includes("internet > gateway udp 5060") && rows.includes("internet > gateway tcp 5060"),
  );
});

test("no row comes twice", () => {
  const trunk = { peers: [{ host: "198.51.100.7" }, { host: "198.51.100.7" }] };
  const rows = matrix(plain({ trunks: [{ name: "op", ...trunk }] }));
  assert.equal(new Set(rows).size, rows.length);
});

test("the table aligns, and JSON holds the same rows", () => {
  const rows = firewallMatrix(preset(3));
  const [heading, ...lines] = printFirewall(rows, "table").trimEnd().split("\n");
  const column = heading!.indexOf("PROTOCOL");
  assert.equal(lines.length, rows.length);
  for (const line of lines) assert.match(line.slice(column), /^(TCP|UDP) /);
  assert.deepEqual(JSON.parse(printFirewall(rows, "json")), rows);
});

test("nftables rules match by family, and leave no door open between families", () => {
  const six = plain({ publicLocal: { address: "2001:db8::1" }, pbx: { host: "10.0.0.2" } });
  const text = printFirewall(firewallMatrix(six), "nft");
  assert.match(text, /^ {4}ip6 daddr 2001:db8::1 udp dport 5060 accept/m);
  assert.match(text, /^ {4}ip saddr 10\.0\.0\.1 ip daddr 10\.0\.0\.2 udp dport 5060 accept/m);
  assert.match(text, /policy drop/);
  const crossed = plain({ pbx: { host: "2001:db8::2" } });
  for (const line of printFirewall(firewallMatrix(crossed), "nft").split("\n")) {
    assert.ok(!/PBX: SIP/.test(line), line);
  }
});

test("a comment can't break out of its quotes", () => {
  const rows = firewallMatrix(preset(3)).map((row) => ({ ...row, purpose: 'x" drop; #é' }));
  assert.ok(!printFirewall(rows, "nft").includes('x"'));
});
