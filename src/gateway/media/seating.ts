import type { Stream } from "./command.ts";
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
): Seat[] | undefined {
  const formerOf = (i: number): Stream | undefined => agreed[i]?.stream;
  const seats = (change: boolean): Seat[] | undefined => {
    const goesOn = (former: Stream | undefined): boolean =>
      former !== undefined && (!change || isRooted(former));
    const needs = judged.map(({ shape }, i) => shape !== undefined && !goesOn(formerOf(i)));
    const ports = take(2 * needs.filter(Boolean).length);
    return ports && judged.map(({ shape }, i) => seat(shape && formerOf(i), needs[i]!, ports));
  };
  return (portChange ? seats(true) : undefined) ?? seats(false);
}

function seat(former: Stream | undefined, needsPorts: boolean, ports: number[]): Seat {
  if (needsPorts) return { ports: { caller: ports.pop()!, callee: ports.pop()! } };
  return former ? { former } : {};
}
