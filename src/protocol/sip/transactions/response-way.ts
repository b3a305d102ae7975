import { canonicalAddress } from "#base";
import { type Message, stampVia, type Via } from "#sip-message";
import { type Destination, type Flow, isReliable } from "../flow.ts";

/**
 * Where the response to a request goes (RFC 3261 §18.2.2): back by its flow; where a connection is
 * gone, to the sender's address at the port that its Via names; over UDP to the port that `rport`
 * asks for (RFC 3581 §4). `maddr` is not followed: a stranger could aim our answers with it.
 */
export function responseWay(via: Via, flow: Flow): Destination {
  const { side, transport, remoteAddress: address, remotePort } = flow;
  const named = via.port ?? (transport === "tls" ? 5061 : 5060);
  if (isReliable(transport)) return { side, transport, address, port: named, flow: flow.id };
  const asksPort = via.params.has("rport");
  if (asksPort || named === remotePort) {
    return { side, transport, address, port: remotePort, flow: flow.id };
  }
  return { side, transport, address, port: named };
}

/** `received` and `rport` say where a request really came from (RFC 3261 §18.2.1, RFC 3581 §4). */
export function stampTopVia(message: Message, flow: Flow): void {
  const { via } = message;
  const { remoteAddress, remotePort } = flow;
  const isTrue = via.host === remoteAddress || canonicalAddress(via.host) === remoteAddress;
  if (isTrue && !via.params.has("rport") && !via.params.has("received")) return;
  message.headers.setFirst("via", stampVia(via, remoteAddress, remotePort));
}
