import { Secret } from "#base";

/** One key of a crypto attribute: `inline:<key and salt>|<lifetime>|<MKI>:<its length>`. */
export interface CryptoKey {
  /** Base64 of master key and salt, one after the other. */
  readonly keySalt: Secret<string>;
  /** In packets; may be written as a power, "2^31". */
  readonly lifetime?: string;
  readonly mki?: { readonly value: number; readonly bytes: number };
}

/** A crypto attribute (RFC 4568 §9.1, §6). */
export interface CryptoAttribute {
  readonly tag: number;
  readonly suite: string;
  readonly keys: readonly CryptoKey[];
  /** KDR, UNENCRYPTED_SRTP, FEC_ORDER… as they stand. */
  readonly sessionParameters: readonly string[];
}

const KEYS_MAX = 16;
const MKI_BYTES_MAX = 128;

/** Reads the value of a=crypto; undefined when it isn't one. */
export function parseCrypto(value: string): CryptoAttribute | undefined {
  const [tag, suite, keyText, ...sessionParameters] = value.trim().split(/ +/);
  if (!tag || !/^\d{1,9}$/.test(tag) || !suite || !/^\w{1,64}$/.test(suite)) return undefined;
  const texts = keyText?.split(";") ?? [];
  if (texts.length === 0 || texts.length > KEYS_MAX) return undefined;
  const keys: CryptoKey[] = [];
  for (const text of texts) {
    const key = parseKey(text);
    if (!key) return undefined;
    keys.push(key);
  }
  return { tag: Number(tag), suite, keys, sessionParameters };
}

export function printCrypto(crypto: CryptoAttribute): string {
  const keys = crypto.keys.map(printKey).join(";");
  return [`a=crypto:${crypto.tag}`, crypto.suite, keys, ...crypto.sessionParameters].join(" ");
}

function parseKey(text: string): CryptoKey | undefined {
  if (!text.startsWith("inline:")) return undefined;
  const [keySalt, ...rest] = text.slice("inline:".length).split("|");
  if (!/^[A-Za-z0-9+/]{1,256}={0,2}$/.test(keySalt!) || rest.length > 2) return undefined;
  let key: CryptoKey = { keySalt: new Secret(keySalt!) };
  for (const part of rest) {
    const mki = /^(\d{1,9}):(\d{1,3})$/.exec(part);
    if (mki && !key.mki) {
      const bytes = Number(mki[2]);
      if (bytes < 1 || bytes > MKI_BYTES_MAX) return undefined;
      key = { ...key, mki: { value: Number(mki[1]), bytes } };
    } else if (/^(?:2\^)?\d{1,15}$/.test(part) && !key.lifetime && !key.mki) {
      key = { ...key, lifetime: part };
    } else return undefined;
  }
  return key;
}

function printKey({ keySalt, lifetime, mki }: CryptoKey): string {
  const parts = [`inline:${keySalt.reveal()}`];
  if (lifetime !== undefined) parts.push(lifetime);
  if (mki) parts.push(`${mki.value}:${mki.bytes}`);
  return parts.join("|");
}
