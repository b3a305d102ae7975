import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { type Hash, type Instant, instant } from "#base";
import { Gateway } from "#gateway";
import { secureRandom } from "#io";
import type { Effect } from "#port";
import { validateSettings } from "#settings";
import type { Flow } from "#sip";
import { callee, caller, type Peer } from "./core-peers.ts";

// `bin/node bench/calls/core.ts`: processor time per call of the gateway machine alone, without
// sockets and media plane, and its heap, as JSON, batch by batch: the first ones warm the compiler
// up. With `--expose-gc` the heap must level out. For profiles (`--cpu-prof`), and for comparing one
// change with another.

const { values: wanted } = parseArgs({
  options: {
    calls: { type: "string", default: "5000" },
    batches: { type: "string", default: "8" },
    "signalling-only": { type: "boolean", default: false },
  },
});
/** Time between calls: finished transactions stay as long as they would at 1,000 calls a second. */
const STEP_MS = 1;
const TRUNK = "198.51.100.2";
const PBX = "10.20.0.2";

const hash: Hash = (algorithm, text) => createHash(algorithm).update(text, "latin1").digest("hex");
const valid = validateSettings({
  securedInterface: "no",
  publicLocal: { address: "198.51.100.10" },
  privateLocal: { address: "10.20.0.10" },
  pbx: { host: PBX, optionsIntervalS: 0 },
  trunks: [{ name: "load", peers: [{ host: TRUNK }], optionsIntervalS: 0 }],
  limits: { callsMax: 100_000, callsPerSecondMax: 10_000 },
  rtp: { portMin: 10_000, portMax: 59_998 },
  media: { portQuarantineS: 0 },
});
if (!valid.settings) throw new Error(JSON.stringify(valid));

let now: Instant = instant(1_000_000_000);
const gateway = new Gateway({ settings: valid.settings, random: secureRandom(), hash }, now);
const peers: Readonly<Record<string, { readonly peer: Peer; readonly flow: Flow }>> = {
  [TRUNK]: { peer: caller, flow: flowOf("public", "198.51.100.10", TRUNK) },
  [PBX]: { peer: callee, flow: flowOf("private", "10.20.0.10", PBX) },
};

let ended = 0;
const queue: { readonly flow: Flow; readonly text: string }[] = [];
for (let batch = 1; batch <= Number(wanted.batches); batch++) {
  const before = process.cpuUsage();
  const calls = Number(wanted.calls);
  ended = 0;
  for (let i = 0; i < calls; i++) {
    now = instant(now + STEP_MS);
    take(`c${batch}-${i}`);
  }
  const { user, system } = process.cpuUsage(before);
  const usPerCall = Math.round((user + system) / calls);
  // With --expose-gc the heap says what is kept, not what is not yet collected.
  globalThis.gc?.();
  const mib = Math.round(process.memoryUsage().heapUsed / 2 ** 20);
  console.log(JSON.stringify({ batch, calls, ended, usPerCall, mib }));
}

/** One call from its INVITE to its end. */
function take(id: string): void {
  queue.push({ flow: peers[TRUNK]!.flow, text: caller.invite(id, !wanted["signalling-only"]) });
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    gateway.handle({ kind: "received", flow: next.flow, text: next.text }, now);
    for (const effect of gateway.drain()) perform(effect);
  }
}

function perform(effect: Effect): void {
  if (effect.kind === "fact" && effect.fact.kind === "call-ended") ended++;
  if (effect.kind !== "send") return;
  const { peer, flow } = peers[effect.to.address]!;
  for (const text of peer.answers(effect.text, !wanted["signalling-only"])) {
    queue.push({ flow, text });
  }
}

function flowOf(side: Flow["side"], localAddress: string, remoteAddress: string): Flow {
  const ports = { localPort: 5060, remotePort: 5060 };
  return { id: remoteAddress, side, transport: "udp", localAddress, remoteAddress, ...ports };
}
