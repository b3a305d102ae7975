import { readFileSync } from "node:fs";
import { mirrored, parseLadder } from "./ladder.ts";
import type { Site } from "./site.ts";
import { Stage } from "./stage.ts";

/** One call flow: who says what, and who must hear what. */
export interface Flow {
  /** With the RFC and its section. */
  readonly name: string;
  readonly site?: Site;
  /** Played also with the operator and the PBX in each other's place. */
  readonly bothWays?: boolean;
  readonly ladder: string;
}

/** A flow that deliberately goes another way than its RFC: why, and where that is allowed or said. */
export interface Exception {
  readonly reason: string;
  readonly section: string;
  /** The line of the ladder where the two ways part. */
  readonly at: string;
}

/** One run of a flow; throws where it departs from its ladder. */
export interface Performance {
  readonly name: string;
  /** The flow's own name. */
  readonly flow: string;
  play(): void;
}

export const performancesOf = (flows: readonly Flow[]): Performance[] =>
  flows.flatMap(({ name, site, bothWays, ladder }) => {
    const ways = [{ title: name, text: ladder }];
    if (bothWays) ways.push({ title: `${name} (from the PBX)`, text: mirrored(ladder) });
    const masks = site?.masked === undefined ? [true, false] : [site.masked];
    return ways.flatMap(({ title, text }) =>
      masks.map((masked) => ({
        flow: name,
        name: site?.masked === undefined && !masked ? `${title} (mask off)` : title,
        play: () => new Stage({ ...site, masked }).play(parseLadder(text)),
      })),
    );
  });

/** By the flow's name. */
export const readExpectation = (): ReadonlyMap<string, Exception> =>
  new Map(
    Object.entries(
      JSON.parse(
        readFileSync(new URL("../ladders/expectation.json", import.meta.url), "utf8"),
      ) as Record<string, Exception>,
    ),
  );
