import { Headers, printVia, Request, type Response } from "#sip-message";
import type { Destination } from "../flow.ts";

/** What our Via says of us towards a destination: behind a NAT, the address that peers reach. */
export type ViaFor = (to: Destination) => { readonly host: string; readonly port: number };

/** Gives a request its only Via (RFC 3261 §18.1.1); over UDP it asks for `rport` (RFC 3581 §3). */
export function setVia(request: Request, branch: string, to: Destination, viaFor: ViaFor): void {
  const { host, port } = viaFor(to);
  const transport = to.transport.toUpperCase();
  const via = printVia({ transport, host, port, branch });
  const value = to.transport === "udp" ? `${via};rport` : via;
  if (request.headers.has("via")) request.headers.set("via", value);
  else request.headers.prepend("via", value);
}

/** The ACK of a final response other than 2xx (RFC 3261 §17.1.1.3). */
export function ackOf(invite: Request, response: Response): Request {
  const ack = sameWay(invite, "ACK");
  ack.headers.set("to", response.headers.get("to") ?? "");
  return ack;
}

/** RFC 3261 §9.1; the reason is RFC 3326's header. */
export function cancelOf(invite: Request, reason: string | undefined): Request {
  const cancel = sameWay(invite, "CANCEL");
  if (reason !== undefined) cancel.headers.add("reason", reason);
  return cancel;
}

/** What routes and names an INVITE, and nothing else of it. */
const COPIED = ["via", "max-forwards", "route", "from", "to", "call-id"] as const;

function sameWay(invite: Request, method: "ACK" | "CANCEL"): Request {
  const headers = new Headers();
  for (const name of COPIED) headers.addAllFrom(invite.headers, name);
  headers.add("cseq", `${invite.cseq.number} ${method}`);
  return new Request(method, invite.uri, headers);
}
