import assert from "node:assert/strict";
import { test } from "node:test";
import { ByHand } from "../../test/support/by-hand.ts";

for (const event of [
  { kind: "silent", forS: 120 },
  { kind: "failed", why: "port-in-use" },
] as const) {
  test(`a stream that is ${event.kind} ends its call, one that was replaced doesn't`, () => {
    const site = new ByHand();
    site.connected();
    const opened = site.mediaCommands.find(({ kind }) => kind === "stream");
    assert.ok(opened?.kind === "stream");
    const { id } = opened.stream;
    const tell = (stream: string): void =>
      site.gateway.handle({ kind: "media", event: { ...event, id: stream } }, site.now);
    tell(`${id}9`);
    assert.equal(site.gateway.callCount, 1);
    tell(id);
    assert.equal(site.gateway.callCount, 0);
  });
}
