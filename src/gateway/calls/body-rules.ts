import { type End, end } from "#ends";
import type { Side } from "#sip";
import {
  type BodyPart,
  Headers,
  type Message,
  type Multipart,
  parseParametered,
  printMultipart,
  printParams,
  type Request,
} from "#sip-message";
import { type BodyMask, maskContentId, maskText } from "./body-mask.ts";
import { faceHost } from "./legs.ts";
import { type PartIds, partIds, startAcross, tellIds } from "./part-ids.ts";
import {
  bodyType,
  isBlank,
  isEncoded,
  isOptional,
  isSessionSdp,
  isSeveral,
  looksLikeSdp,
  NEGOTIATING,
  SDP,
  severalOf,
} from "./session-body.ts";
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

/** Types that no text can be seen in, and that name numbers and no host (RFC 3204, TS 24.341). */
const OPAQUE: ReadonlySet<string> = new Set([
  "application/isup",
  "application/qsig",
  "application/vnd.3gpp.sms",
]);

/** Of these the very fields tell of the other side: where to fetch it, what way a message took. */
const TELLING: ReadonlySet<string> = new Set(["message/external-body", "message/sip"]);

/** What may be taken for negotiation: of alternatives the description alone crosses. */
const NEGOTIABLE: ReadonlySet<string> = new Set(["mixed", "alternative"]);

/** What a body is judged by, beside itself. */
interface Way {
  readonly masked: boolean;
  /** Its message is one by which ends agree on media. */
  readonly negotiates: boolean;
}

function fateOf({ headers, body }: BodyPart, type: string | undefined, way: Way): Fate {
  const { masked, negotiates } = way;
  if (isSessionSdp(type, headers) && !isEncoded(headers)) return "own";
  // Of other descriptions, and of parts within parts, the gateway has no understanding.
  const isKnown = type !== undefined && type !== SDP && !isSeveral(type);
  if (!isKnown || (negotiates && looksLikeSdp(body)))
    return isOptional(headers) ? "drop" : "refuse";
  if (OPAQUE.has(type)) return "copy";
  if (!masked) return "copy";
  const isReadable = !TELLING.has(type) && !isEncoded(headers) && isText(body);
  if (!isReadable) return isOptional(headers) ? "drop" : "refuse";
  return type === "message/sipfrag" ? "status-line" : "mask";
}

/** Why a request's body may not cross, if it may not. */
export function bodyRefusal({ masked }: CallSetup, request: Request): End | undefined {
  if (request.body === "") return undefined;
  const type = bodyType(request.headers);
  const way = { masked, negotiates: NEGOTIATING.has(request.method) };
  if (!isSeveral(type)) {
    if (isNothing(request, type, way)) return undefined;
    const isUnknown = way.negotiates && !type;
    const refused = isUnknown || fateOf(request, type, way) === "refuse";
    return refused ? end("unsupported-body") : undefined;
  }
  const read = severalOf(request);
  if (!read) return masked || way.negotiates ? end("unsupported-body") : undefined;
  const fates = read.parts.map((part) => fateOf(part, typeOf(part), way));
  if (way.negotiates) {
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
  const type = bodyType(from.headers);
  // The one body that most messages have: `withSdp` gives another in its place.
  if (isSessionSdp(type, from.headers)) {
    to.headers.delete("content-encoding");
    return to.headers.delete("content-type");
  }
  const { masked, faces, hidden } = board.setup;
  const way = { masked, negotiates: NEGOTIATING.has(from.cseq.method) };
  const mask = masked ? { host: faceHost(faces[side]), hidden: hidden[side] } : undefined;
  const read = isSeveral(type) ? severalOf(from) : undefined;
  if (read) copySeveral(board, read, to, way, mask);
  else if (isSeveral(type)) {
    if (mask || way.negotiates) withoutBody(to);
    else to.body = from.body;
  } else copyOne(from, to, type, way, mask);
}

function copyOne(
  from: Message,
  to: Message,
  type: string | undefined,
  way: Way,
  mask: BodyMask | undefined,
): void {
  const isOut = isNothing(from, type, way) || (way.negotiates && !type);
  const body = isOut ? undefined : bodyAcross(from, fateOf(from, type, way), mask);
  if (body === undefined) return withoutBody(to);
  to.body = body;
  if (type) to.headers.set("content-type", typeAcross(from, type, mask));
}

function copySeveral(
  board: Switchboard,
  read: Multipart,
  to: Message,
  way: Way,
  mask: BodyMask | undefined,
): void {
  const isChoice = way.negotiates && read.subtype !== "mixed";
  const ids = mask ? partIds(read, mask.host) : [];
  const parts: BodyPart[] = [];
  for (const part of isChoice ? [] : read.parts) {
    const type = typeOf(part);
    const body = bodyAcross(part, fateOf(part, type, way), mask, ids);
    if (body !== undefined) parts.push({ headers: partHeaders(part, mask), body });
  }
  if (parts.length === 0) return withoutBody(to);
  const boundary = board.random.token(24);
  const params = printParams(mask ? startAcross(read.params, mask.host) : read.params);
  const type = `multipart/${read.subtype};boundary=${boundary}`;
  to.headers.set("content-type", type + (mask ? maskText(params, mask) : params));
  to.body = printMultipart(parts, boundary);
}

function bodyAcross(
  { body }: { readonly body: string },
  fate: Fate,
  mask: BodyMask | undefined,
  ids: PartIds = [],
): string | undefined {
  switch (fate) {
    case "copy":
      return body;
    case "mask":
      return mask ? maskText(tellIds(body, ids), mask) : body;
    case "status-line":
      return `${statusLine(body, mask)}\r\n`;
    default:
      return undefined;
  }
}

/** What a fragment is sent for; of a request that is, its URI names a host. */
function statusLine(body: string, mask: BodyMask | undefined): string {
  const line = body.split(/\r?\n/, 1)[0] ?? "";
  return mask ? maskText(line, mask) : line;
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

function partHeaders(part: BodyPart, mask: BodyMask | undefined): Headers {
  const kept = new Headers();
  for (const name of PART_FIELDS) {
    const value = part.headers.get(name);
    if (value === undefined) continue;
    if (name === "content-type") kept.add(name, typeAcross(part, typeOf(part) ?? "", mask));
    else if (name === "content-id" && mask) kept.add(name, maskContentId(value, mask.host));
    else kept.add(name, value);
  }
  return kept;
}

/** A type as it crosses: without parameters where they are none, or hosts where they are masked. */
function typeAcross({ headers }: BodyPart, type: string, mask: BodyMask | undefined): string {
  const text = headers.get("content-type") ?? type;
  if (!parseParametered(text)) return type;
  return mask && text.includes(";") ? maskText(text, mask) : text;
}

/** A part without a type is text (RFC 2046 §5.1). */
const typeOf = ({ headers }: BodyPart): string | undefined => {
  const type = bodyType(headers);
  return type === "" ? "text/plain" : type;
};

/** Line ends that no type speaks of. */
const isNothing = ({ body }: BodyPart, type: string | undefined, { negotiates }: Way): boolean =>
  negotiates && type === "" && isBlank(body);

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
