import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { Secret } from "#base";
import type { SavedCall } from "#port";
import { CallStore } from "./call-store.ts";
import { callOf, callText } from "./call-text.ts";

const KEY = "c2VjcmV0";

/** As much of a call as the store looks at, and a secret deep in it. */
const call = (id: string, seq = 1): SavedCall =>
  ({ version: 1, id, media: { keys: [{ keySalt: new Secret(KEY) }] }, seq }) as never;

async function withFile(use: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "calls-"));
  try {
    await use(join(folder, "calls.sqlite"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const fail = (why: string): never => assert.fail(why);

test("what is kept is there for the next process, what was forgotten isn't", () =>
  withFile(async (file) => {
    const store = new CallStore(file, fail);
    assert.deepEqual(store.calls, []);
    for (const id of ["a", "b", "c"]) store.keep(call(id));
    store.keep(call("b", 2));
    store.forget("a");
    await store.close();
    const next = new CallStore(file, fail);
    assert.deepEqual(next.calls.map(callText).sort(), [call("b", 2), call("c")].map(callText));
    await next.close();
  }));

test("a call's secrets come back, and are nobody else's to read", () =>
  withFile(async (file) => {
    const back = callOf(callText(call("a"))) as unknown as {
      media: { keys: { keySalt: Secret<string> }[] };
    };
    assert.equal(back.media.keys[0]!.keySalt.reveal(), KEY);
    writeFileSync(file, "", { mode: 0o644 });
    await new CallStore(file, fail).close();
    assert.equal(statSync(file).mode & 0o777, 0o600);
  }));

test("the keys of a call that is over are nowhere in the files", () =>
  withFile(async (file) => {
    const store = new CallStore(file, fail);
    const ids = Array.from({ length: 100 }, (_, i) => `call ${i}`);
    for (const id of ids) store.keep(call(id));
    for (const id of ids.slice(1)) store.forget(id);
    await store.close();
    const left = readdirSync(dirname(file)).map((name) => readFileSync(join(dirname(file), name)));
    assert.equal(Buffer.concat(left).toString("latin1").split(KEY).length - 1, 1);
  }));

test("what is no call of this version is left out, and counted", () =>
  withFile(async (file) => {
    const store = new CallStore(file, fail);
    store.keep({ ...call("old"), version: 0 } as never);
    store.keep(call("new"));
    await store.close();
    const next = new CallStore(file, fail);
    assert.deepEqual([next.calls.map(({ id }) => id), next.unreadable], [["new"], 1]);
    await next.close();
    for (const text of ["", "{", "null", "[]", '{"version":1}'])
      assert.equal(callOf(text), undefined);
  }));
