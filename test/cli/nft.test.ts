import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { parse } from "yaml";
import {
  ARCHITECTURES,
  firewallMatrix,
  presetsOf,
  printFirewall,
  validateSettings,
} from "#settings";

const nft = spawnSync("nft", ["--version"]);
const skip =
  nft.error || process.getuid?.() !== 0
    ? "nft (nftables) is not installed, or this is not root"
    : false;

const PLAIN = {
  securedInterface: "no",
  publicLocal: { address: "192.0.2.1" },
  privateLocal: { address: "10.0.0.1" },
  pbx: { host: "10.0.0.2" },
};

const others: readonly object[] = [
  { ...PLAIN, publicLocal: { address: "2001:db8::1" } },
  { ...PLAIN, trunks: [{ name: "a", peers: [{ host: "a.example" }, { host: "192.0.2.7" }] }] },
  {
    ...PLAIN,
    pbx: { host: "pbx.example" },
    dns: { servers: ["192.0.2.53", "[2001:db8::53]:5353"] },
  },
];

test("nft takes the rules of every architecture, of both families, and of names", { skip }, () => {
  const presets = ARCHITECTURES.flatMap(presetsOf).map(
    ({ text }) => parse(text, { schema: "failsafe" }) as object,
  );
  for (const source of [...presets, ...others]) {
    const rules = printFirewall(firewallMatrix(validateSettings(source).settings!), "nft");
    const checked = spawnSync("nft", ["-c", "-f", "-"], { input: rules, encoding: "utf8" });
    assert.equal(checked.status, 0, `${checked.stderr}\n${rules}`);
  }
});
