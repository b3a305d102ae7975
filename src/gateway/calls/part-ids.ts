import { type Multipart, type Params, quote, unquote } from "#sip-message";
import { maskContentId } from "./body-mask.ts";

/** What ids of parts are told as: their makers' hosts are the other side's. */
export type PartIds = readonly (readonly [id: string, told: string])[];

/** Nobody's id is longer, and each is looked for in every text. */
const ID_MAX = 256;

const ID = /^<([^\s<>@"]+@[^\s<>@"]+)>$/;

/** The ids that the parts of a body have, the longest first; each part has one at most. */
export function partIds({ parts }: Multipart, host: string): PartIds {
  const ids = new Map<string, string>();
  for (const { headers } of parts) {
    const id = ID.exec(headers.get("content-id") ?? "")?.[1];
    if (id !== undefined && id.length <= ID_MAX) ids.set(id, maskContentId(id, host));
  }
  return [...ids].sort(([a], [b]) => b.length - a.length);
}

/** What an id goes on with: beside one of these stands another word. */
const isWithin = (char: string): boolean => /[\w.%+@-]/.test(char);

/**
 * A text that names parts by their ids alone, without cid: (RFC 4662 §5), as they are told. Each
 * place is looked at once: what was written there is no id again.
 */
export function tellIds(text: string, ids: PartIds): string {
  if (ids.length === 0) return text;
  let told = "";
  let done = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const found = ids.find(([id]) => stands(text, id, at - id.indexOf("@")));
    if (!found) continue;
    const [id, now] = found;
    const start = at - id.indexOf("@");
    told += text.slice(done, start) + now;
    done = start + id.length;
  }
  return told + text.slice(done);
}

function stands(text: string, id: string, start: number): boolean {
  if (start < 0 || !text.startsWith(id, start)) return false;
  const end = start + id.length;
  // The dot that ends a sentence is followed by no word.
  const goesOn =
    text.charAt(end) === "." ? isWithin(text.charAt(end + 1)) : isWithin(text.charAt(end));
  return !goesOn && !isWithin(text.charAt(start - 1));
}

/** The id that names the first of related parts (RFC 2387 §3.2), as that part's own is told. */
export function startAcross(params: Params, host: string): Params {
  const start = params.get("start");
  if (start === undefined) return params;
  return new Map([...params, ["start", quote(maskContentId(unquote(start), host))]]);
}
