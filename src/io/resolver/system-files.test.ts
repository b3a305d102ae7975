import assert from "node:assert/strict";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { after, instant } from "#base";
import { parseHosts, parseResolvConf, WatchedFile } from "./system-files.ts";

test("hosts: all names of a line, all lines of a name, no comments", () => {
  const hosts = parseHosts(
    "# 9.9.9.9 no\n127.0.0.1\tlocalhost\n192.0.2.1 PBX pbx.local # x y\n2001:DB8:0::1 pbx\nbad pbx\n192.0.2.1 pbx\n",
  );
  assert.deepEqual(hosts.get("pbx"), ["192.0.2.1", "2001:db8::1"]);
  assert.deepEqual(hosts.get("pbx.local"), ["192.0.2.1"]);
  assert.deepEqual(hosts.get("localhost"), ["127.0.0.1"]);
  assert.equal(hosts.has("x"), false);
  assert.deepEqual(parseHosts("").get("localhost"), ["127.0.0.1", "::1"]);
  assert.equal(parseHosts("192.0.2.1 __proto__").size, 2);
});

test("resolv.conf: its name servers, or the one on this machine", () => {
  const text =
    "search x\nnameserver 192.0.2.53\n nameserver 2001:db8::53\n#nameserver 9.9.9.9\nnameserver x\n";
  assert.deepEqual(
    parseResolvConf(text).map(({ address }) => address),
    ["192.0.2.53", "2001:db8::53"],
  );
  assert.deepEqual(parseResolvConf(""), [{ address: "127.0.0.1", port: 53 }]);
});

test("a watched file is read again when it has changed, but not looked at all the time", async () => {
  const directory = await mkdtemp(join(tmpdir(), "passerelle-"));
  const path = join(directory, "file");
  const file = new WatchedFile(path, (text) => `<${text}>`);
  const now = instant(1_000_000);
  assert.equal(await file.read(now), "<>");
  await writeFile(path, "one");
  assert.equal(await file.read(after(now, 1)), "<>");
  assert.equal(await file.read(after(now, 6_000)), "<one>");
  await writeFile(path, "two");
  await utimes(path, 1, 1);
  assert.equal(await file.read(after(now, 12_000)), "<two>");
  await rm(directory, { recursive: true });
  assert.equal(await file.read(after(now, 18_000)), "<two>");
});
