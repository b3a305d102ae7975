import { canonicalAddress } from "#base";
import { type Message, stampVia, type Via } from "#sip-message";
import { type Destination, type Flow, isReliable } from "../flow.ts";

/**
 * Where the response to a request goes (RFC 3261 §18.2.2): back by its flow. Where a connection is
 * gone, and over UDP unless `rport` is asked for (RFC 3581 §4), the port is the one that the Via
 * names. `maddr` is not followed: a stranger could aim our answers with it.
 */
export function responseWay(via: Via, flow: Flow): Destination {
  const { id, side, transport, remoteAddress: address, remotePort } = flow;
  const isAsked = !isReliable(transport) && via.params.has("rport");
  const port = isAsked ? remotePort : (via.port ?? (transport === "tls" ? 5061 : 5060));
  const last = lastWays.get(flow);
  if (last?.port === port) return last;
  const way: Destination = { side, transport, address, port, flow: id };
  lastWays.set(flow, way);
  return way;
}

/** A peer's requests are answered by one way: every transaction of half a minute keeps it. */
const lastWays = new WeakMap<Flow, Destination>();

/** `received` and `rport` say where a request really came from (RFC 3261 §18.2.1, RFC 3581 §4). */
export function stampTopVia(message: Message, flow: Flow): void {
  const { via } = message;
  const { remoteAddress, remotePort } = flow;
  const isTrue = via.host === remoteAddress || canonicalAddress(via.host) === remoteAddress;
  if (isTrue && !via.params.has("rport") && !via.params.has("received")) return;
  message.headers.setFirst("via", stampVia(via, remoteAddress, remotePort));
}
