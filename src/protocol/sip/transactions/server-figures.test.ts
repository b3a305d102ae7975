import assert from "node:assert/strict";
import { test } from "node:test";
import { INVITE_SERVER, OTHER_SERVER } from "./server-figures.ts";

/** Every arrow of a figure as one line; what has no line is absorbed. */
const arrows = (figure: object): string[] =>
  Object.entries(figure).flatMap(([state, inputs]) =>
    Object.entries(inputs as Record<string, { next: string; action: string }>).map(
      ([input, { next, action }]) => `${state} + ${input} → ${next}: ${action}`,
    ),
  );

test("the INVITE server is RFC 3261 figure 7 with RFC 6026", () => {
  assert.deepEqual(
    new Set(arrows(INVITE_SERVER)),
    new Set([
      "accepted + 2xx → accepted: respond",
      "accepted + ack → accepted: tell",
      "accepted + acknowledged → acknowledged: nothing",
      "accepted + expiry → terminated: unacknowledged",
      "accepted + resend → accepted: send",
      "acknowledged + ack → acknowledged: tell",
      "acknowledged + expiry → terminated: nothing",
      "completed + ack → confirmed: nothing",
      "completed + expiry → terminated: nothing",
      "completed + request → completed: send",
      "completed + resend → completed: send",
      "confirmed + expiry → terminated: nothing",
      "proceeding + 1xx → proceeding: respond",
      "proceeding + 2xx → accepted: respond",
      "proceeding + 300-699 → completed: respond",
      "proceeding + request → proceeding: send",
      "proceeding + resend → proceeding: send",
    ]),
  );
});

test("the other server is RFC 3261 figure 8", () => {
  assert.deepEqual(
    new Set(arrows(OTHER_SERVER)),
    new Set([
      "completed + expiry → terminated: nothing",
      "completed + request → completed: send",
      "proceeding + 1xx → proceeding: respond",
      "proceeding + 2xx → completed: respond",
      "proceeding + 300-699 → completed: respond",
      "proceeding + request → proceeding: send",
      "trying + 1xx → proceeding: respond",
      "trying + 2xx → completed: respond",
      "trying + 300-699 → completed: respond",
      // Beyond the figure: RFC 4320 §4.
      "trying + resend → proceeding: send",
      "trying + silence → completed: nothing",
      "proceeding + silence → completed: nothing",
    ]),
  );
});
