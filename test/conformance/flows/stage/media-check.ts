import assert from "node:assert/strict";
import type { Stream, StreamEnd } from "#media";
import { readDescription } from "./description.ts";
import { PEERS, type PeerName } from "./ladder.ts";
import type { Dialog } from "./leg.ts";
import { GATEWAY } from "./soundness.ts";

/** An end whose media is looked at. */
export interface MediaEnd {
  readonly name: string;
  readonly peer: PeerName;
  readonly dialog: Dialog;
}

/** Each end is told of a port that is open towards it, and its stream leads to what it said. */
export function checkMedia(ends: readonly MediaEnd[], streams: readonly Stream[]): void {
  const [one, other] = ends.map((end) => streamsOf(end, streams));
  assert.ok(one!.length > 0, "there is media");
  assert.deepEqual(one, other, "both ends have the same streams");
}

function streamsOf({ name, peer, dialog }: MediaEnd, streams: readonly Stream[]): string[] {
  const { side } = PEERS[peer];
  const told = readDescription(dialog.told.at(-1) ?? "");
  const said = readDescription(dialog.said ?? "");
  assert.equal(told.address, GATEWAY[side].address, `${name} is told the gateway's address`);
  return told.ports.flatMap((port, i) => {
    // A line that we refuse, or that it has refused itself.
    if (port === 0 || said.ports[i] === 0) return [];
    const isOurs = (end: StreamEnd): boolean =>
      end.port === port && end.localAddress === GATEWAY[side].address;
    const open = streams.find(({ ends }) => isOurs(ends.caller) || isOurs(ends.callee));
    assert.ok(open, `${name} is told port ${port}, where nothing is open`);
    const { caller, callee } = open.ends;
    const { remoteAddress, remotePort } = isOurs(caller) ? caller : callee;
    const place = `${said.address}:${said.ports[i]}`;
    assert.equal(`${remoteAddress}:${remotePort}`, place, `${name} gets its media`);
    return [open.id];
  });
}

/** Whether the ports that an end was told last are those that it was told before. */
export function checkPorts({ told }: Dialog, expected: string): void {
  const [before, now] = told.slice(-2).map((sdp) => readDescription(sdp).ports);
  if (expected === "same") assert.deepEqual(now, before);
  else assert.notDeepEqual(now, before);
}
