import type { Request, Response } from "#sip-message";

/** What an end says of itself in its Contact that is no name (RFC 3840 §9, RFC 4579 §5.2). */
const FEATURES = ["isfocus", "automata", "audio", "video"];

/** The flags among the features of a message's Contact, as they stand behind one. */
export function featuresOf(message: Request | Response | undefined): string {
  const params = message?.contact?.params;
  if (!params || params.size === 0) return "";
  return FEATURES.filter((name) => params.has(name) && params.get(name) === undefined)
    .map((name) => `;${name}`)
    .join("");
}
