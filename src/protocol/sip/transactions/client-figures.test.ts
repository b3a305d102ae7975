import assert from "node:assert/strict";
import { test } from "node:test";
import { INVITE_CLIENT, OTHER_CLIENT } from "./client-figures.ts";

/** Every arrow of a figure as one line; what has no line is absorbed. */
const arrows = (figure: object): string[] =>
  Object.entries(figure).flatMap(([state, inputs]) =>
    Object.entries(inputs as Record<string, { next: string; action: string }>).map(
      ([input, { next, action }]) => `${state} + ${input} → ${next}: ${action}`,
    ),
  );

test("the INVITE client is RFC 3261 figure 5 with RFC 6026", () => {
  assert.deepEqual(
    new Set(arrows(INVITE_CLIENT)),
    new Set([
      "accepted + 2xx → accepted: tell",
      "accepted + expiry → terminated: nothing",
      "calling + 1xx → proceeding: tell",
      "calling + 2xx → accepted: tell",
      "calling + 300-699 → completed: acknowledge",
      "calling + expiry → terminated: timeout",
      "calling + resend → calling: send",
      "calling + transport-error → terminated: transport",
      "completed + 300-699 → completed: send",
      "completed + expiry → terminated: nothing",
      "proceeding + 1xx → proceeding: tell",
      "proceeding + 2xx → accepted: tell",
      "proceeding + 300-699 → completed: acknowledge",
      "proceeding + expiry → terminated: timeout",
      // Beyond the figures: the connection that carried the request ended (§18.4).
      "calling + flow-lost → terminated: transport",
      "proceeding + flow-lost → terminated: transport",
    ]),
  );
});

test("the other client is RFC 3261 figure 6", () => {
  assert.deepEqual(
    new Set(arrows(OTHER_CLIENT)),
    new Set([
      "completed + expiry → terminated: nothing",
      "proceeding + 1xx → proceeding: tell",
      "proceeding + 2xx → completed: tell",
      "proceeding + 300-699 → completed: tell",
      "proceeding + expiry → terminated: timeout",
      "proceeding + resend → proceeding: send",
      "proceeding + transport-error → terminated: transport",
      "trying + 1xx → proceeding: tell",
      "trying + 2xx → completed: tell",
      "trying + 300-699 → completed: tell",
      "trying + expiry → terminated: timeout",
      "trying + resend → trying: send",
      "trying + transport-error → terminated: transport",
      // Beyond the figures: the connection that carried the request ended (§18.4).
      "proceeding + flow-lost → terminated: transport",
      "trying + flow-lost → terminated: transport",
    ]),
  );
});
