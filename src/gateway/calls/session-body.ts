import { type End, type EndName, end } from "#ends";
import type { MediaCommand, MediaOutcome } from "#media";
import type { Message } from "#sip-message";
import type { Switchboard } from "./setup.ts";

const SDP = "application/sdp";

/** The media type of a body, without its parameters; "" where there is none. */
export function bodyType(message: Message): string {
  const type = message.headers.get("content-type");
  if (type === undefined) return "";
  const semicolon = type.indexOf(";");
  return (semicolon < 0 ? type : type.slice(0, semicolon)).trim().toLowerCase();
}

/** The SDP of a message; undefined where it bears none. */
export function sdpOf(message: Message): string | undefined {
  return message.body !== "" && bodyType(message) === SDP ? message.body : undefined;
}

/** Methods by which ends agree on media (RFC 3261 §13.2.1, RFC 3262 §5, RFC 3311). */
export const NEGOTIATING: ReadonlySet<string> = new Set(["INVITE", "ACK", "PRACK", "UPDATE"]);

/**
 * What of a body crosses by itself. A description never does, nor several parts where one of them
 * may be one: unread, they would tell where their side is and lead media round the gateway.
 */
export function copyBody(from: Message, to: Message, masked: boolean): void {
  const type = bodyType(from);
  const several = type.startsWith("multipart/") && NEGOTIATING.has(from.cseq.method);
  if (type === SDP || several) to.headers.delete("content-type");
  // The status line is what a fragment is sent for; headers under it are the other side's.
  else if (masked && type === "message/sipfrag") to.body = `${from.body.split(/\r?\n/, 1)[0]}\r\n`;
  else to.body = from.body;
}

/** Gives a message a session description, or takes the body away. */
export function withSdp(message: Message, sdp: string | undefined): void {
  if (sdp === undefined) {
    if (message.body === "") message.headers.delete("content-type");
    return;
  }
  message.headers.set("content-type", SDP);
  message.body = sdp;
}

/** Emits the commands of a relayed description, or names the end that its refusal is. */
export function performAll(board: Switchboard, outcome: MediaOutcome): { sdp: string } | End {
  if (outcome.kind === "refused") return end(outcome.why satisfies EndName);
  command(board, outcome.commands);
  return { sdp: outcome.sdp };
}

export function command(board: Switchboard, commands: readonly MediaCommand[]): void {
  for (const one of commands) board.emit({ kind: "media", command: one });
}
