import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { type Leg, PACE_MS, Telephones } from "./restart-peers.ts";

// The gateway's process is killed while calls talk, and another one takes them up: nobody at the
// telephones may notice.

const PROGRAM = join(import.meta.dirname, "../../bin/passerelle");
const CALLS = 100;
const GAP_MS_MAX = 200;
const [PUBLIC, PRIVATE, OPERATOR, PBX] = [15_990, 15_991, 15_992, 15_993];

const folder = mkdtempSync(join(tmpdir(), "passerelle-restart-"));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

const settings = join(folder, "settings.yaml");
writeFileSync(
  settings,
  `
securedInterface: no
publicLocal: { address: 127.0.0.1, plainPort: ${PUBLIC} }
privateLocal: { address: 127.0.0.1, plainPort: ${PRIVATE} }
pbx: { host: 127.0.0.1, port: ${PBX}, optionsIntervalS: 0 }
trunks:
  - name: operator
    peers: [{ host: 127.0.0.1, port: ${OPERATOR} }]
    optionsIntervalS: 0
media: { outliveS: 30 }
limits: { callsPerSecondMax: 1000 }
`,
);

/** A gateway's process, and what it has printed. */
async function start(): Promise<{ child: ChildProcess; text: () => string }> {
  const child = spawn(PROGRAM, ["run", "--settings", settings, "--data", join(folder, "data")]);
  children.push(child);
  let text = "";
  const ready = new Promise<void>((resolve, reject) => {
    const take = (bytes: Buffer) => {
      text += bytes;
      if (/\bready\b/.test(text)) resolve();
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.once("exit", () => reject(new Error(`ended; it printed ${text}`)));
  });
  await ready;
  return { child, text: () => text };
}

/** Resolves when it holds at one of the beats of the telephones' clock. */
type Until = (holds: () => boolean) => Promise<void>;

async function talking(phones: readonly Telephones[], use: (until: Until) => Promise<void>) {
  const waiting = new Set<() => void>();
  const clock = setInterval(() => {
    for (const each of phones) each.speak();
    for (const look of [...waiting]) look();
  }, PACE_MS);
  const until: Until = (holds) =>
    new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
    });
  try {
    await use(until);
  } finally {
    clearInterval(clock);
  }
}

function written(): number {
  const database = new DatabaseSync(join(folder, "data/calls.sqlite"), { readOnly: true });
  try {
    const { count } = {
      count: 0,
      ...database.prepare("SELECT count(*) AS count FROM calls").get(),
    };
    return Number(count);
  } finally {
    database.close();
  }
}

const legsOf = (phones: readonly Telephones[]): Leg[] =>
  phones.flatMap(({ legs }) => [...legs.values()]);

test("calls outlive the gateway's process, without a gap, and end once each", async (context) => {
  const operator = await Telephones.open(OPERATOR, PUBLIC);
  const pbx = await Telephones.open(PBX, PRIVATE);
  context.after(() => [operator, pbx].map((each) => each.close()));
  const phones = [operator, pbx];
  const first = await start();
  const ids = Array.from({ length: CALLS }, (_, i) => `call${i}`);
  const statuses = await Promise.all(ids.map((id) => operator.call(id)));
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.equal(pbx.legs.size, CALLS);

  await talking(phones, async (until) => {
    await until(() => legsOf(phones).every(({ media }) => media.heard > 0) && written() === CALLS);
    const died = once(first.child, "exit");
    first.child.kill("SIGKILL");
    await died;
    const second = await start();
    assert.match(second.text(), /100 of its calls go on/);
    const sent = legsOf(phones).map(({ media }) => media.sent);
    await until(() => legsOf(phones).every(({ media }, i) => media.heard >= sent[i]!));
    const gap = Math.max(...legsOf(phones).map(({ media }) => media.gap));
    assert.ok((gap + 1) * PACE_MS <= GAP_MS_MAX, `${gap} packets missing in a row`);

    const callers = [...operator.legs.values()];
    const callees = [...pbx.legs.values()];
    const offers = [...callers.slice(0, 5).map((leg) => operator.ask(leg, "INVITE"))];
    offers.push(...callees.slice(95).map((leg) => pbx.ask(leg, "INVITE")));
    assert.deepEqual(new Set(await Promise.all(offers)), new Set([200]));
    const byes = callers.slice(0, 50).map((leg) => operator.ask(leg, "BYE"));
    assert.deepEqual(new Set(await Promise.all(byes)), new Set([200]));
    const left = callees.filter(({ over }) => !over);
    const others = left.map((leg) => pbx.ask(leg, "BYE"));
    assert.deepEqual(new Set(await Promise.all(others)), new Set([200]));
    await until(() => legsOf(phones).every(({ over }) => over));

    const exited = once(second.child, "exit");
    second.child.kill("SIGINT");
    assert.deepEqual(await exited, [0, null]);
    const ends = [first, second].flatMap(
      ({ text }) => text().match(/^.*call \S+: ended.*$/gm) ?? [],
    );
    const named = ends.map((line) => /call (\S+):/.exec(line)![1]);
    assert.deepEqual([ends.length, new Set(named).size], [CALLS, CALLS]);
    assert.equal(written(), 0);
  });
});
