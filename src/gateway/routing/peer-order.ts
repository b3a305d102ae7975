import type { Random } from "#base";

interface Ranked {
  readonly priority: number;
  readonly weight: number;
}

/**
 * The order of trial among peers (RFC 2782): the lowest priority first, and among equals a draw in
 * proportion to the weights. The same for SRV records and for a trunk's own list.
 */
export function orderPeers<P extends Ranked>(peers: readonly P[], random: Random): P[] {
  if (peers.length < 2) return [...peers];
  const ordered: P[] = [];
  const priorities = [...new Set(peers.map(({ priority }) => priority))].sort((a, b) => a - b);
  for (const priority of priorities) {
    drawAll(
      peers.filter((peer) => peer.priority === priority),
      random,
      ordered,
    );
  }
  return ordered;
}

function drawAll<P extends Ranked>(group: readonly P[], random: Random, into: P[]): void {
  // Weight 0 stands first, so that it is drawn only by the lot 0 (RFC 2782 "Weight").
  const left = [...group].sort((a, b) => Number(a.weight > 0) - Number(b.weight > 0));
  let total = left.reduce((sum, { weight }) => sum + weight, 0);
  while (left.length > 0) {
    const lot = left.length === 1 ? 0 : random.integer(total + 1);
    const [drawn] = left.splice(drawnAt(left, lot), 1);
    into.push(drawn!);
    total -= drawn!.weight;
  }
}

/** The first whose running sum of weights reaches the lot. */
function drawnAt(group: readonly Ranked[], lot: number): number {
  let sum = 0;
  for (const [i, { weight }] of group.entries()) {
    sum += weight;
    if (sum >= lot) return i;
  }
  return 0;
}
