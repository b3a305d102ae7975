import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFields, settingsJsonSchema } from "./fields.ts";

const rows = new Map(describeFields().map((row) => [row.field, row]));

test("every field, group and list has its two labels and a description", () => {
  for (const { field, facts } of rows.values()) {
    assert.ok(facts?.label.en && facts.label.fr && facts.description, field);
  }
});

test("every field and element says what is allowed", () => {
  for (const { field, kind, facts, element } of rows.values()) {
    if (kind === "field") assert.ok(facts?.allowed?.en && facts.allowed.fr, field);
    if (element) assert.ok(element.allowed?.en && element.allowed.fr, field);
  }
});

test("rows tell defaults, and what is required", () => {
  assert.equal(rows.get("rtp.portMin")?.preset, "20000");
  assert.equal(rows.get("securedInterface")?.preset, "yes");
  assert.equal(rows.get("trunks[].failoverStatuses")?.preset, "[503, 408]");
  assert.equal(rows.get("publicLocal")?.required, true);
  assert.equal(rows.get("publicLocal.address")?.required, true);
  assert.equal(rows.get("pbx.port")?.required, false);
  assert.equal(rows.get("trunks[].peers[].host")?.required, true);
  assert.equal(rows.get("rtp")?.required, false);
});

test("the labels are those of the manual's page 4.6", () => {
  const label = (field: string): string | undefined => rows.get(field)?.facts?.label.fr;
  assert.equal(label("symmetricRtp"), "Support du RTP symétrique");
  assert.equal(label("topologyMask"), "Appliquer le masque de topologie réseau");
  assert.equal(label("publicLocal.tlsPort"), "port sécurisé (TLS)");
});

test("the schema is JSON Schema for an API: ranges, choices, titles", () => {
  const json = settingsJsonSchema();
  const { mode, rtp } = json.properties as unknown as {
    readonly mode: { readonly title: string };
    readonly rtp: { readonly properties: { readonly portMax: Readonly<Record<string, unknown>> } };
  };
  assert.equal(mode.title, "Mode");
  const { minimum, maximum, default: preset } = rtp.properties.portMax;
  assert.deepEqual([minimum, maximum, preset], [1024, 65535, 27999]);
  assert.equal(json.additionalProperties, false);
});
