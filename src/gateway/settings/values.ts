import { z } from "zod";
import { addressKind, parseAddress, parseCidr, printAddress, printCidr, Secret } from "#base";
import { MESSAGES } from "./errors.ts";
import { described, type FieldFacts, type Text, text } from "./field.ts";
import { safePattern } from "./safe-pattern.ts";

/** What a refinement of ours says about a value, carried in the issue of zod. */
export interface Complaint {
  readonly message: Text;
  readonly allowed?: Text;
}

type Read<T> = { readonly value: T } | Complaint;

const SYNTAX: Complaint = { message: MESSAGES.syntax };

/** A text that is read into something else; `read` says what is wrong with it. */
function readText<T>(facts: FieldFacts, read: (text: string) => Read<T>) {
  const schema = z.string().transform((value, context): T => {
    const result = read(value);
    if ("value" in result) return result.value;
    context.addIssue({ code: "custom", params: { complaint: result } });
    return z.NEVER;
  });
  return described(schema, facts);
}

/**
 * A whole number in a range. A YAML file gives every scalar as text (so that the prefix 0033 keeps
 * its zeros), the API gives numbers: both are read.
 */
export function integer(min: number, max: number, facts: FieldFacts) {
  const number = (value: unknown): unknown =>
    typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  const unit =
    facts.unit === undefined
      ? text("", "")
      : (UNITS[facts.unit] ?? text(` ${facts.unit}`, ` ${facts.unit}`));
  const allowed = facts.allowed ?? text(`${min}–${max}${unit.en}`, `${min}–${max}${unit.fr}`);
  return described(z.preprocess(number, z.int().min(min).max(max)), { ...facts, allowed });
}

const UNITS: Readonly<Record<string, Text>> = { bytes: text(" bytes", " octets") };

const YES = new Set(["yes", "true", "on", "oui"]);
const NO = new Set(["no", "false", "off", "non"]);

export function yesNo(facts: FieldFacts) {
  const boolean = (value: unknown): unknown => {
    if (typeof value !== "string") return value;
    if (YES.has(value.toLowerCase())) return true;
    return NO.has(value.toLowerCase()) ? false : value;
  };
  const allowed = facts.allowed ?? text("yes | no", "yes (oui) | no (non)");
  return described(z.preprocess(boolean, z.boolean()), { ...facts, allowed });
}

export function choice<const T extends readonly [string, ...string[]]>(
  values: T,
  facts: FieldFacts,
) {
  const list = values.join(" | ");
  const allowed = facts.allowed ?? text(list, list);
  return described(z.enum(values), { ...facts, allowed });
}

const ADDRESS = text(
  "an IPv4 or IPv6 address, not 0.0.0.0, ::, 255.255.255.255, multicast or IPv6 link-local",
  "une adresse IPv4 ou IPv6, hors 0.0.0.0, ::, 255.255.255.255, multicast et IPv6 de lien local",
);

/** An address (§3.1), in its canonical text. */
export const address = (facts: FieldFacts) =>
  readText({ allowed: ADDRESS, ...facts }, usableAddress);

function usableAddress(value: string): Read<string> {
  const bytes = parseAddress(value.trim());
  if (!bytes) return SYNTAX;
  const kind = addressKind(bytes);
  const refused = kind === "unspecified" || kind === "broadcast" || kind === "multicast";
  if (refused || (kind === "link-local" && bytes.length === 16)) return SYNTAX;
  return { value: printAddress(bytes) };
}

const HOST = text(`${ADDRESS.en}, or a domain name`, `${ADDRESS.fr}, ou un nom de domaine (FQDN)`);

/** An address or a domain name, lower case. */
export const host = (facts: FieldFacts) =>
  readText({ allowed: HOST, ...facts }, (value) =>
    parseAddress(value.trim()) ? usableAddress(value) : domainName(value),
  );

const DOMAIN = text("a domain name", "un nom de domaine (FQDN)");

export const domain = (facts: FieldFacts) => readText({ allowed: DOMAIN, ...facts }, domainName);

/** RFC 1123 §2.1; a last label of digits alone would be a misspelt IPv4 address. */
function domainName(value: string): Read<string> {
  const name = value.trim().toLowerCase().replace(/\.$/, "");
  const labels = name.split(".");
  const fits = name.length <= 253 && labels.every((label) => LABEL.test(label));
  return fits && !/^\d+$/.test(labels.at(-1)!) ? { value: name } : SYNTAX;
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

const BLOCK = text(
  "an address or a block such as 192.0.2.0/24",
  "une adresse ou un bloc comme 192.0.2.0/24",
);

/** An address block in canonical form ("192.0.2.0/24", "192.0.2.1/32"). */
export const addressBlock = (facts: FieldFacts) =>
  readText({ allowed: BLOCK, ...facts }, (value) => {
    const block = parseCidr(value.trim());
    return block ? { value: printCidr(block) } : SYNTAX;
  });

const SERVER = text(
  "an address, or address:port ([address]:port)",
  "une adresse, ou adresse:port ([adresse]:port)",
);

export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

/** The address of a DNS server, with its port where it isn't 53. */
export const dnsServer = (facts: FieldFacts) =>
  readText({ allowed: SERVER, ...facts }, (value): Read<ServerAddress> => {
    const found = /^(?:\[([0-9a-fA-F:.]+)\]|([\d.]+)):(\d{1,5})$/.exec(value.trim());
    const read = usableAddress(found ? (found[1] ?? found[2])! : value);
    if (!("value" in read)) return read;
    const port = found ? Number(found[3]) : 53;
    return port < 1 || port > 65535 ? SYNTAX : { value: { address: read.value, port } };
  });

/** A printable text of limited length without control characters. */
export function words(lengthMax: number, facts: FieldFacts) {
  const allowed = text(
    `a text of 1–${lengthMax} characters`,
    `un texte de 1 à ${lengthMax} caractères`,
  );
  return readText({ allowed, ...facts }, (value) => {
    const fits =
      value.length >= 1 && value.length <= lengthMax && !/[\u0000-\u001f\u007f]/.test(value);
    return fits ? { value } : SYNTAX;
  });
}

/** A text of a form that `pattern` (anchored, linear) and `facts.allowed` both say. */
export const shaped = (pattern: RegExp, facts: FieldFacts & { readonly allowed: Text }) =>
  readText(facts, (value) => (pattern.test(value) ? { value } : SYNTAX));

const DIGITS = text(
  "digits, with a leading + allowed (at most 32)",
  "des chiffres, + admis au début (32 au plus)",
);

/** The beginning of a number, or a whole one, as dialled. */
export const digits = (facts: FieldFacts) =>
  shaped(/^\+?[0-9*#A-Da-d]{0,32}$/, { allowed: DIGITS, ...facts });

const PATTERN = text(
  "a regular expression of at most 200 characters without nested repeats, back-references or lookaround",
  "une expression régulière de 200 caractères au plus, sans répétitions imbriquées, références arrière ni assertions",
);

/** A regular expression that can't be catastrophic. */
export const pattern = (facts: FieldFacts) =>
  readText({ allowed: PATTERN, ...facts }, (value) => {
    const compiled = safePattern(value);
    if (compiled.kind === "pattern") return { value };
    const { en, fr } = compiled.what;
    return { message: text(`${MESSAGES.syntax.en} (${en})`, `${MESSAGES.syntax.fr} (${fr})`) };
  });

/** A password: from here on it can be revealed but never printed. */
export function secret(facts: FieldFacts) {
  const known = z.union([z.string().min(1).max(256), z.instanceof(Secret<string>)]);
  const allowed = text("a text of 1–256 characters", "un texte de 1 à 256 caractères");
  return described(
    known.transform((value) => (value instanceof Secret ? value : new Secret(value))),
    { allowed, ...facts, secret: true },
  );
}

/** A DSCP: 0–63, or the name of a class (RFC 4594 §2.3). */
export function dscp(facts: FieldFacts) {
  const number = (value: unknown): unknown =>
    typeof value === "string" ? (dscpOf(value.toUpperCase()) ?? value) : value;
  const allowed = text("0–63, or EF, CS0–CS7, AF11–AF43", "0–63, ou EF, CS0–CS7, AF11–AF43");
  return described(z.preprocess(number, z.int().min(0).max(63)), { allowed, ...facts });
}

function dscpOf(name: string): number | undefined {
  if (name === "EF") return 46;
  if (/^\d{1,3}$/.test(name)) return Number(name);
  const selector = /^CS([0-7])$/.exec(name);
  if (selector) return 8 * Number(selector[1]);
  const assured = /^AF([1-4])([1-3])$/.exec(name);
  return assured ? 8 * Number(assured[1]) + 2 * Number(assured[2]) : undefined;
}
