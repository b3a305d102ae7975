import assert from "node:assert/strict";
import { test } from "node:test";
import { instant, seededRandom } from "#base";
import { PortPool } from "#media";
import { validateSettings } from "#settings";
import { Transactions } from "#sip-transactions";
import { Board } from "./board.ts";
import { callSetupOf } from "./call-setup.ts";

const NOW = instant(1_000_000);

function boardOf(): Board {
  const { settings } = validateSettings({
    securedInterface: "no",
    publicLocal: { address: "192.0.2.1" },
    privateLocal: { address: "10.0.0.1" },
    pbx: { host: "10.0.0.2" },
    trunks: [{ name: "one", peers: [{ host: "198.51.100.1" }] }],
  });
  const random = seededRandom(1);
  return new Board({
    setup: callSetupOf(settings!, random, () => ""),
    random,
    hash: () => "",
    transactions: new Transactions({ random, viaFor: () => ({ host: "192.0.2.1", port: 5060 }) }),
    ports: new PortPool({ portMin: 20_000, portMax: 20_100 }),
  });
}

test("names in resolution are bounded: one too many finds nothing, and disturbs no other", () => {
  const board = boardOf();
  const name = { side: "public", host: "sip.example.org", secure: false } as const;
  let found = 0;
  // Each that finds nothing asks for its next name at once, as a dial does.
  const ask = (names: number): void =>
    board.resolve(
      name,
      (targets) => {
        found += targets.length;
        if (targets.length === 0 && names > 1) ask(names - 1);
      },
      NOW,
    );
  for (let i = 0; i < 30_000; i++) ask(3);
  const queries = board.drain().flatMap((one) => (one.kind === "resolve" ? [one.query] : []));
  assert.equal(queries.length, 10_000);
  assert.equal(board.sizes.queries, 10_000);
  const target = { transport: "udp", address: "198.51.100.1", port: 5060 } as const;
  for (const query of queries) board.resolved(query, [target], NOW);
  assert.equal(found, 10_000);
  assert.equal(board.sizes.queries, 0);
});
