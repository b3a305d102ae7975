/**
 * Bytes as a text of one character a byte (U+0000 to U+00FF), and back: SIP is worked on in this
 * form, so that UTF-8 and anything else in a message survives unchanged.
 */
export const latin1Text = (bytes: Uint8Array): string =>
  (Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  ).toString("latin1");

export const latin1Bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

/**
 * The same text with storage of its own. A piece cut out of a message keeps the whole message
 * alive for as long as it is kept: what outlives its message goes through here. Two texts put
 * together are copied as soon as a piece is cut out of them; a buffer in between costs twice that.
 */
export const ownText = (text: string): string => ` ${text}`.slice(1);

/** The same for several texts at once: pieces of one storage. */
export function ownTexts(texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  let together = "";
  for (const text of texts) together += text;
  const own = ownText(together);
  const pieces: string[] = [];
  let at = 0;
  for (const { length } of texts) {
    pieces.push(own.slice(at, at + length));
    at += length;
  }
  return pieces;
}

/** A text as people write it (settings, names), in the form that goes on the wire: UTF-8. */
export const encodeUtf8 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** A text from the wire as people read it; what is no UTF-8 shows as replacement characters. */
export const decodeUtf8 = (text: string): string => Buffer.from(text, "latin1").toString("utf8");
