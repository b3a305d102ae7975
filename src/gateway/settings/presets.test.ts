import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { listenersOf } from "./listeners.ts";
import { ARCHITECTURES, presetsOf } from "./presets.ts";
import { validateSettings } from "./validate.ts";

const read = (text: string): unknown => parse(text, { schema: "failsafe" });

test("every preset is valid as it stands, and has no warning but the trunk to add", () => {
  for (const architecture of ARCHITECTURES) {
    for (const { text, element } of presetsOf(architecture)) {
      const result = validateSettings(read(text));
      assert.deepEqual(result.errors, undefined, text);
      const warned = result.settings ? result.warnings.map(({ field }) => field) : [];
      assert.deepEqual(warned, element === "lan" ? [] : ["trunks"]);
    }
  }
});

test("every example that a preset has commented out is valid too", () => {
  for (const architecture of ARCHITECTURES) {
    for (const { text } of presetsOf(architecture)) {
      const shown = text.replace("trunks: []", "trunks:").replace(/^#(?= {2})/gm, "");
      const result = validateSettings(read(shown));
      assert.deepEqual(result.errors, undefined, text);
    }
  }
});

test("the five architectures have the addresses and ports of the manual (§2.3)", () => {
  const settings = (architecture: 1 | 2 | 3 | 4 | 5, i = 0) =>
    validateSettings(read(presetsOf(architecture)[i]!.text)).settings!;
  const ip = (architecture: 1 | 2 | 3) => {
    const { publicLocal, privateLocal, pbx } = settings(architecture);
    return { ip2: publicLocal.address, ip3: privateLocal.address, ip5: pbx.host };
  };
  const first = ip(1);
  assert.ok(first.ip2 === first.ip3 && first.ip3 === first.ip5);
  const second = ip(2);
  assert.ok(second.ip2 !== second.ip3 && second.ip3 === second.ip5);
  const third = ip(3);
  assert.ok(third.ip2 === third.ip3 && third.ip3 !== third.ip5);
  for (const architecture of [1, 2, 3] as const) {
    const { pbx } = settings(architecture);
    assert.deepEqual(
      listenersOf(settings(architecture)).map(({ transport, port }) => `${transport} ${port}`),
      ["tls 5063", "tls 5064"],
    );
    assert.deepEqual([pbx.port, pbx.transport], [5061, "tls"]);
  }
  for (const architecture of [4, 5] as const) {
    const [wan, lan] = [settings(architecture), settings(architecture, 1)];
    assert.deepEqual(wan.lanElement, {
      host: lan.publicLocal.address,
      tlsPort: lan.publicLocal.tlsPort,
    });
    assert.deepEqual(lan.wanElement, {
      host: wan.privateLocal.address,
      tlsPort: wan.privateLocal.tlsPort,
    });
    assert.equal(lan.pbx.host === lan.privateLocal.address, architecture === 4);
  }
});
