import { type End, end } from "#ends";
import type { Side } from "#sip";
import {
  type BodyPart,
  Headers,
  type Message,
  type Multipart,
  parseMultipart,
  parseParametered,
  printMultipart,
  printParams,
  type Request,
  unquote,
} from "#sip-message";
import { type BodyMask, maskContentId, maskText } from "./body-mask.ts";
import { faceHost } from "./legs.ts";
import { bodyType, isSessionSdp, NEGOTIATING, SDP } from "./session-body.ts";
import type { CallSetup, Switchboard } from "./setup.ts";

/**
 * What becomes of a body, or of one part of several, on its way across:
 * - own: a description, which crosses by offer and answer alone: unread, it would tell where its
 *   side is and lead media round the gateway;
 * - copy: as it is;
 * - mask: a text whose hosts are replaced;
 * - status-line: of a fragment the line that it is sent for; headers under it are the other side's;
 * - drop: it can't cross, and its sender can do without (handling=optional, RFC 3261 §20.11);
 * - refuse: it can't cross.
 */
type Fate = "own" | "copy" | "mask" | "status-line" | "drop" | "refuse";

/** Types that no text can be seen in, and that name numbers and no host (RFC 3204). */
const OPAQUE: ReadonlySet<string> = new Set(["application/isup", "application/qsig"]);

/** What may be taken for negotiation: of alternatives the description alone crosses. */
const NEGOTIABLE: ReadonlySet<string> = new Set(["mixed", "alternative"]);

function fateOf({ headers, body }: BodyPart, type: string, masked: boolean): Fate {
  if (isSessionSdp(type, headers)) return "own";
  if (OPAQUE.has(type)) return "copy";
  const isReadable = !masked || (!isEncoded(headers) && isText(body));
  // Of other descriptions, and of parts within parts, the gateway has no understanding.
  if (!isReadable || type === SDP || isSeveral(type))
    return isOptional(headers) ? "drop" : "refuse";
  if (!masked) return "copy";
  return type === "message/sipfrag" ? "status-line" : "mask";
}

/** Why a request's body may not cross, if it may not. */
export function bodyRefusal({ masked }: CallSetup, request: Request): End | undefined {
  if (request.body === "") return undefined;
  const type = bodyType(request);
  const negotiates = NEGOTIATING.has(request.method);
  if (!isSeveral(type)) {
    const isUnknown = negotiates && type === "";
    const refused = isUnknown || fateOf(request, type, masked) === "refuse";
    return refused ? end("unsupported-body") : undefined;
  }
  const read = severalOf(request);
  if (!read) return masked || negotiates ? end("unsupported-body") : undefined;
  const fates = read.parts.map((part) => fateOf(part, typeOf(part), masked));
  if (negotiates) {
    const descriptions = fates.filter((fate) => fate === "own").length;
    const isOdd = !NEGOTIABLE.has(read.subtype) || descriptions > 1;
    if (isOdd) return end("unsupported-body");
    if (read.subtype === "alternative" && descriptions === 1) return undefined;
  }
  return fates.includes("refuse") ? end("unsupported-body") : undefined;
}

/** What of a body crosses by itself, without its description: `withSdp` adds that. */
export function copyBody(board: Switchboard, from: Message, to: Message, side: Side): void {
  if (from.body === "") return;
  const type = bodyType(from);
  // The one body that most messages have: `withSdp` gives another in its place.
  if (isSessionSdp(type, from.headers)) return to.headers.delete("content-type");
  const { masked, faces, hidden } = board.setup;
  const mask = masked ? { host: faceHost(faces[side]), hidden: hidden[side] } : undefined;
  const read = isSeveral(type) ? severalOf(from) : undefined;
  if (read) copySeveral(board, read, to, mask);
  else if (isSeveral(type)) {
    if (mask || NEGOTIATING.has(from.cseq.method)) withoutBody(to);
    else to.body = from.body;
  } else {
    const body = bodyAcross(from, fateOf(from, type, masked), mask);
    if (body === undefined) withoutBody(to);
    else to.body = body;
  }
}

function copySeveral(
  board: Switchboard,
  read: Multipart,
  to: Message,
  mask: BodyMask | undefined,
): void {
  const negotiates = NEGOTIATING.has(to.cseq.method);
  const isChoice = negotiates && read.subtype !== "mixed";
  const ids = mask ? idsAcross(read, mask.host) : [];
  const parts: BodyPart[] = [];
  for (const part of isChoice ? [] : read.parts) {
    const type = typeOf(part);
    const body = bodyAcross(part, fateOf(part, type, mask !== undefined), mask);
    if (body !== undefined)
      parts.push({ headers: partHeaders(part, ids), body: renamed(body, ids) });
  }
  if (parts.length === 0) return withoutBody(to);
  const boundary = board.random.token(24);
  const params = renamed(printParams(read.params), ids);
  to.headers.set("content-type", `multipart/${read.subtype};boundary=${boundary}${params}`);
  to.body = printMultipart(parts, boundary);
}

function bodyAcross(
  { body }: { readonly body: string },
  fate: Fate,
  mask: BodyMask | undefined,
): string | undefined {
  switch (fate) {
    case "copy":
      return body;
    case "mask":
      return mask ? maskText(body, mask) : body;
    case "status-line":
      return `${body.split(/\r?\n/, 1)[0]}\r\n`;
    default:
      return undefined;
  }
}

/** The fields of a part that are kept: those that say how to read it. */
const PART_FIELDS = [
  "content-type",
  "content-disposition",
  "content-id",
  "content-transfer-encoding",
  "content-encoding",
  "content-language",
] as const;

type Renaming = readonly (readonly [from: string, to: string])[];

function partHeaders({ headers }: BodyPart, ids: Renaming): Headers {
  const kept = new Headers();
  for (const name of PART_FIELDS) {
    const value = headers.get(name);
    if (value !== undefined) kept.add(name, renamed(value, ids));
  }
  return kept;
}

/** Parts name one another by ids that end in a host. */
function idsAcross({ parts }: Multipart, host: string): Renaming {
  return parts.flatMap(({ headers }) => {
    const id = headers.get("content-id")?.replace(/^<|>$/g, "");
    return id?.includes("@") ? [[id, maskContentId(id, host)] as const] : [];
  });
}

const renamed = (text: string, ids: Renaming): string =>
  ids.reduce((now, [from, to]) => now.replaceAll(from, to), text);

const severalOf = (message: Message): Multipart | undefined =>
  parseMultipart(message.headers.get("content-type") ?? "", message.body);

const isSeveral = (type: string): boolean => type.startsWith("multipart/");

/** A part without a type is text (RFC 2046 §5.1). */
const typeOf = ({ headers }: BodyPart): string =>
  parseParametered(headers.get("content-type") ?? "")?.value ?? "text/plain";

const isOptional = (headers: Headers): boolean => {
  const disposition = parseParametered(headers.get("content-disposition") ?? "");
  return unquote(disposition?.params.get("handling") ?? "").toLowerCase() === "optional";
};

const PLAIN_ENCODINGS: ReadonlySet<string> = new Set(["", "identity", "7bit", "8bit", "binary"]);

const isEncoded = (headers: Headers): boolean =>
  [headers.get("content-encoding"), headers.get("content-transfer-encoding")].some(
    (value) => value !== undefined && !PLAIN_ENCODINGS.has(value.trim().toLowerCase()),
  );

/** No control character but tab and line ends: what is text in any charset that ASCII is part of. */
function isText(body: string): boolean {
  for (let i = 0; i < body.length; i++) {
    const code = body.charCodeAt(i);
    if (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return false;
  }
  return true;
}

/** Without what describes a body. */
function withoutBody({ headers }: Message): void {
  headers.delete("content-type");
  headers.delete("content-disposition");
  headers.delete("content-encoding");
  headers.delete("content-language");
}
