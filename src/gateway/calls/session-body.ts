import { type End, type EndName, end } from "#ends";
import type { MediaCommand, MediaOutcome } from "#media";
import {
  type BodyPart,
  Headers,
  type Message,
  type Multipart,
  parseMediaType,
  parseMultipart,
  parseParametered,
  printPart,
  unquote,
} from "#sip-message";
import type { Switchboard } from "./setup.ts";

export const SDP = "application/sdp";

/** Methods by which ends agree on media (RFC 3261 §13.2.1, RFC 3262 §5, RFC 3311). */
export const NEGOTIATING: ReadonlySet<string> = new Set(["INVITE", "ACK", "PRACK", "UPDATE"]);

/** The media type of a body or of a part: "" where none is said, undefined where it can't be read. */
export function bodyType(headers: Headers): string | undefined {
  const text = headers.get("content-type");
  if (text === undefined || text === "" || text === SDP) return text ?? "";
  return parseMediaType(text);
}

export const isSeveral = (type: string | undefined): boolean =>
  type?.startsWith("multipart/") === true;

/** The parts of a body; undefined where they can't be told apart. */
export const severalOf = ({ headers, body }: Message): Multipart | undefined =>
  isEncoded(headers) ? undefined : parseMultipart(headers.get("content-type") ?? "", body);

/**
 * The SDP of a message, by itself or among other parts (RFC 5621 §3); undefined without one. Of an
 * answer that can't be refused any more, "" where it can't be told what its body is: that is a bad
 * description, and no absent one.
 */
export function sdpOf(message: Message): string | undefined {
  const { body, headers } = message;
  if (body === "") return undefined;
  const type = bodyType(headers);
  if (isSessionSdp(type, headers) && !isEncoded(headers)) return body;
  const read = isSeveral(type) ? severalOf(message) : { parts: [message] };
  const found = read?.parts.find(
    (part) => isSessionSdp(bodyType(part.headers), part.headers) && !isEncoded(part.headers),
  );
  if (found) return found.body;
  const isFinal =
    message.kind === "response" ? message.status >= 200 && message.status < 300 : isAck(message);
  return isFinal && (read?.parts.some(isObscure) ?? true) ? "" : undefined;
}

const isAck = ({ cseq }: Message): boolean => cseq.method === "ACK";

/** A part that may well be the description that is due, if one could read it. */
function isObscure({ headers, body }: BodyPart): boolean {
  const type = bodyType(headers);
  if (isSeveral(type)) return !isOptional(headers);
  const isNamed = isSessionSdp(type, headers) || (type !== SDP && looksLikeSdp(body));
  return isNamed || type === undefined || (type === "" && !isBlank(body));
}

/** Line ends after a message are a body for who counts no bytes. */
export const isBlank = (body: string): boolean => body.trim() === "";

/** What begins as a description does is one for who looks at nothing else (RFC 8866 §5). */
export const looksLikeSdp = (body: string): boolean => /^\s{0,8}v\s?=\s?0\s/.test(body);

/** Whether it describes the session itself, and not some other use of media (RFC 3959). */
export function isSessionSdp(type: string | undefined, headers: Headers): boolean {
  if (type !== SDP) return false;
  const disposition = headers.get("content-disposition");
  return disposition === undefined || /^\s*session\s*(;|$)/i.test(disposition);
}

/** Whether its receiver may do without (RFC 3261 §20.11). */
export function isOptional(headers: Headers): boolean {
  const disposition = parseParametered(headers.get("content-disposition") ?? "");
  return unquote(disposition?.params.get("handling") ?? "").toLowerCase() === "optional";
}

const ENCODINGS = ["content-encoding", "content-transfer-encoding"] as const;

const PLAIN: ReadonlySet<string> = new Set(["", "identity", "7bit", "8bit", "binary"]);

export function isEncoded(headers: Headers): boolean {
  for (const name of ENCODINGS) {
    if (!headers.has(name)) continue;
    if (headers.all(name).some((value) => !PLAIN.has(value.trim().toLowerCase()))) return true;
  }
  return false;
}

/** Gives a message a session description, before the parts that it has. */
export function withSdp(message: Message, sdp: string | undefined): void {
  const { headers } = message;
  if (sdp === undefined) {
    if (message.body === "") headers.delete("content-type");
    return;
  }
  const ours =
    message.body === ""
      ? undefined
      : /^multipart\/[^;]+;boundary=([^;]+)/.exec(headers.get("content-type") ?? "");
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
