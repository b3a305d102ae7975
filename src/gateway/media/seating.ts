import type { BundleSeats } from "./bundling.ts";
import type { Role, Stream } from "./command.ts";
import type { JudgedLine } from "./judge.ts";
import { isRooted } from "./leg-voice.ts";
import type { Ports } from "./stream.ts";

/** What an m= line of an offer goes on with: its former stream, or ports of its own. */
export interface Seat {
  readonly former?: Stream;
  readonly ports?: Ports;
}

/**
 * Gives each line in use its stream: by place the former one, or new ports, of which there must
 * be two pairs a line. Where ports should change and none are left, the former ones go on: a call
 * in progress is worth more than the change. A pair that ICE found and an association of DTLS are
 * their ports' own, so these stay too (RFC 8842 §4). Undefined when a new line can't be seated.
 */
export function seatLines(
  judged: readonly JudgedLine[],
  agreed: readonly { readonly stream?: Stream }[],
  portChange: boolean,
  take: (pairs: number) => number[] | undefined,
  bundle: { readonly role: Role; readonly seats: BundleSeats },
): Seat[] | undefined {
  const { role } = bundle;
  const formerOf = (i: number): Stream | undefined => agreed[i]?.stream;
  const seats = (change: boolean): Seat[] | undefined => {
    const goesOn = (former: Stream | undefined, i: number): boolean =>
      former !== undefined &&
      (!change || isRooted(former)) &&
      // Who leaves a bundle leaves its port to the others.
      (bundle.seats[i] !== undefined || former.ends[role].bundle === undefined);
    const needs = judged.map(({ shape }, i) => shape !== undefined && !goesOn(formerOf(i), i));
    const joins = needs.map((need, i) => need && bundle.seats[i] !== undefined);
    const lives = bundle.seats.findIndex((one, i) => one && !needs[i] && judged[i]!.shape);
    const shared = lives < 0 ? undefined : formerOf(lives)?.ends[role].port;
    const joining = joins.filter(Boolean).length;
    const begun = joining > 0 && shared === undefined ? 1 : 0;
    const ports = take(2 * needs.filter(Boolean).length - joining + begun);
    if (!ports) return undefined;
    const common = shared ?? (begun ? ports.pop()! : 0);
    return judged.map(({ shape }, i) => {
      if (!needs[i]) return formerSeat(shape && formerOf(i));
      if (!joins[i]) return { ports: { caller: ports.pop()!, callee: ports.pop()! } };
      const other = ports.pop()!;
      const pair =
        role === "caller" ? { caller: common, callee: other } : { caller: other, callee: common };
      return { ports: pair };
    });
  };
  return (portChange ? seats(true) : undefined) ?? seats(false);
}

const formerSeat = (former: Stream | undefined): Seat => (former ? { former } : {});
