import { type End, type EndName, end } from "#ends";
import type { MediaCommand, MediaOutcome } from "#media";
import { Headers, type Message, parseMultipart, parseParametered, printPart } from "#sip-message";
import type { Switchboard } from "./setup.ts";

export const SDP = "application/sdp";

/** Methods by which ends agree on media (RFC 3261 §13.2.1, RFC 3262 §5, RFC 3311). */
export const NEGOTIATING: ReadonlySet<string> = new Set(["INVITE", "ACK", "PRACK", "UPDATE"]);

/** The media type of a body, without its parameters; "" where there is none. */
export function bodyType(message: Message): string {
  const type = message.headers.get("content-type");
  if (type === undefined) return "";
  const semicolon = type.indexOf(";");
  return (semicolon < 0 ? type : type.slice(0, semicolon)).trim().toLowerCase();
}

/** The SDP of a message, by itself or among other parts (RFC 5621 §3); undefined without one. */
export function sdpOf(message: Message): string | undefined {
  if (message.body === "") return undefined;
  const type = bodyType(message);
  if (!type.startsWith("multipart/")) {
    return isSessionSdp(type, message.headers) ? message.body : undefined;
  }
  const read = parseMultipart(message.headers.get("content-type") ?? "", message.body);
  return read?.parts.find(({ headers }) => {
    const part = parseParametered(headers.get("content-type") ?? "");
    return part !== undefined && isSessionSdp(part.value, headers);
  })?.body;
}

/** Whether it describes the session itself, and not some other use of media (RFC 3959). */
export function isSessionSdp(type: string, headers: Headers): boolean {
  if (type !== SDP) return false;
  const disposition = headers.get("content-disposition");
  return disposition === undefined || /^\s*session\s*(;|$)/i.test(disposition);
}

/** Gives a message a session description, before the parts that it has. */
export function withSdp(message: Message, sdp: string | undefined): void {
  const { headers } = message;
  if (sdp === undefined) {
    if (message.body === "") headers.delete("content-type");
    return;
  }
  const ours =
    message.body === "" ? undefined : /;boundary=([^;]+)/.exec(headers.get("content-type") ?? "");
  if (!ours) {
    headers.set("content-type", SDP);
    message.body = sdp;
    return;
  }
  const part = new Headers();
  part.add("content-type", SDP);
  message.body = printPart({ headers: part, body: sdp }, ours[1]!) + message.body;
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
