import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { defaultIdentity } from "./default-identity.ts";

const DAY_MS = 86_400_000;
const now = new Date("2026-05-01T00:00:00Z");
const later = (days: number): Date => new Date(now.getTime() + days * DAY_MS);

let root = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "passerelle-"));
});
after(() => rm(root, { recursive: true }));

test("it is made once, for a year, and for its owner only", async () => {
  const directory = join(root, "once", "data");
  const made = await defaultIdentity(directory, { now, names: ["sip.example.org"] });
  assert.equal(made.subject, "CN=defaultGW");
  assert.equal(made.names, "DNS:sip.example.org");
  assert.equal(made.notAfter.getTime(), later(365).getTime());
  assert.equal((await stat(join(directory, "defaultGW.pem"))).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(directory), ["defaultGW.pem"]);

  const again = await defaultIdentity(directory, { now: later(300) });
  assert.equal(again.fingerprint, made.fingerprint);
});

test("it is made anew before its end", async () => {
  const directory = join(root, "anew");
  const made = await defaultIdentity(directory, { now });
  const renewed = await defaultIdentity(directory, { now: later(340) });
  assert.notEqual(renewed.fingerprint, made.fingerprint);
  assert.equal(renewed.notAfter.getTime(), later(340 + 365).getTime());
});

test("a damaged file is replaced, one that others can read is closed to them", async () => {
  const path = join(root, "defaultGW.pem");
  await writeFile(path, "not a certificate", { mode: 0o644 });
  await defaultIdentity(root, { now });
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});
