import assert from "node:assert/strict";
import { test } from "node:test";
import { ByHand, only } from "../../../test/support/by-hand.ts";

const NOBODYS = "<sip:anonymous@anonymous.invalid>";

/** What of a Diversion an operator is told, by what hides it: by itself, or the message. */
const DIVERSIONS: readonly (readonly [told: string, privacy: string | undefined, is: string])[] = [
  ['"Ann" <sip:+331@10.0.0.2>;reason=no-answer;privacy=full', undefined, NOBODYS],
  ['"Ann" <sip:+331@10.0.0.2>;reason=no-answer;privacy="full"', undefined, NOBODYS],
  ["<sip:+331@10.0.0.2>;reason=no-answer;privacy=uri", undefined, NOBODYS],
  ["<sip:+331@10.0.0.2>;reason=no-answer", "history", NOBODYS],
  ['"Ann" <sip:+331@10.0.0.2>;reason=no-answer;privacy=name', undefined, "<sip:+331@192.0.2.1>"],
  ['"Ann" <sip:+331@10.0.0.2>;reason=no-answer;privacy=off', "id", '"Ann" <sip:+331@192.0.2.1>'],
];

for (const [value, privacy, is] of DIVERSIONS) {
  test(`Diversion ${value}${privacy ? ` with Privacy: ${privacy}` : ""} is told as ${is}`, () => {
    const headers = { diversion: value, ...(privacy && { privacy }) };
    const told = (trunk: object): string => {
      const site = new ByHand({ trunk });
      const sent = site.take("private", site.begin("private", "INVITE", { headers }));
      return only(sent, "INVITE").message.headers.get("diversion")!;
    };
    assert.equal(told({}).slice(0, is.length + 1), `${is};`);
    const trusted = told({ identityHeaders: { assertedIdentity: "trusted" } });
    assert.match(trusted, /<sip:\+331@192\.0\.2\.1>;reason=no-answer/);
  });
}
