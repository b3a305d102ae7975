import assert from "node:assert/strict";
import { test } from "node:test";
import { FLOWS } from "./ladders/index.ts";
import { performancesOf, readExpectation } from "./stage/flow.ts";

// Call flows as ladders: "op > INVITE sdp" is what the operator says to the gateway, "pbx < INVITE"
// what the PBX must hear. Whatever else is said fails the flow, and so does what stage/soundness.ts
// says of every message. Flows that differ on purpose are in ladders/expectation.json.

const performances = performancesOf(FLOWS);
const expectation = readExpectation();

for (const { name, flow, play } of performances) {
  const exception = expectation.get(flow);
  if (!exception) test(name, play);
  else {
    test(`${name}, which differs: ${exception.reason} (${exception.section})`, () => {
      assert.throws(play, (thrown) => {
        assert.equal((thrown as Error).message.split("\n")[0], exception.at, "where they part");
        return true;
      });
    });
  }
}

test("every exception is that of a flow, with a reason and a section", () => {
  const names = new Set(performances.map(({ name }) => name));
  assert.equal(names.size, performances.length, "names are unique");
  const flows = new Set(performances.map(({ flow }) => flow));
  for (const [name, { reason, section }] of expectation) {
    assert.ok(flows.has(name), `no flow: ${name}`);
    assert.ok(reason.length > 10 && section.includes("§"), name);
  }
});
