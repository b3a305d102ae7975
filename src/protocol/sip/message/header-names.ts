import { sameName } from "./lexis.ts";

/** A header field's name as our code writes it: lower case, long form ("call-id"). */
export type HeaderKey = Lowercase<string>;

/** What is known of a header field by its name. */
export interface HeaderName {
  readonly key: HeaderKey;
  /** Its place among the known names; -1 for all others. */
  readonly id: number;
  /** The spelling to write. */
  readonly print: string;
  /** `print` with the line end before it and what follows it in its line. */
  readonly label: string;
  /** Whether a comma separates values (RFC 3261 §7.3.1). */
  readonly isList: boolean;
  /** Whether `parseMessage` proves its value. */
  readonly isProved: boolean;
  /** Where a second field makes the message invalid: a bit of its own; else 0. */
  readonly onceBit: number;
}

const LIST = 1;
const ONCE = 2;

// Canonical name, what it allows, compact form. RFC 3261 §20 and the extensions an SBC meets.
// Credentials and challenges hold commas and are no lists (RFC 3261 §7.3.1), nor is a date.
const TABLE: readonly (readonly [name: string, allows: number, compact?: string])[] = [
  ["Accept", LIST],
  ["Accept-Contact", LIST, "a"],
  ["Accept-Encoding", LIST],
  ["Accept-Language", LIST],
  ["Alert-Info", LIST],
  ["Allow", LIST],
  ["Allow-Events", LIST, "u"],
  ["Answer-Mode", 0],
  ["Authentication-Info", 0],
  ["Authorization", 0],
  ["Call-ID", ONCE, "i"],
  ["Call-Info", LIST],
  ["Contact", LIST, "m"],
  ["Content-Disposition", 0],
  ["Content-Encoding", LIST, "e"],
  ["Content-ID", 0],
  ["Content-Language", LIST],
  ["Content-Length", ONCE, "l"],
  ["Content-Transfer-Encoding", 0],
  ["Content-Type", ONCE, "c"],
  ["CSeq", ONCE],
  ["Date", 0],
  ["Diversion", LIST],
  ["Error-Info", LIST],
  ["Event", ONCE, "o"],
  ["Expires", ONCE],
  ["Feature-Caps", LIST],
  ["Flow-Timer", 0],
  ["From", ONCE, "f"],
  ["Geolocation", LIST],
  ["Geolocation-Error", 0],
  ["Geolocation-Routing", 0],
  ["Hide", 0],
  ["History-Info", LIST],
  ["Identity", LIST, "y"],
  ["Identity-Info", 0, "n"],
  ["Info-Package", 0],
  ["In-Reply-To", LIST],
  ["Join", ONCE],
  ["Max-Breadth", 0],
  ["Max-Forwards", ONCE],
  ["MIME-Version", 0],
  ["Min-Expires", ONCE],
  ["Min-SE", ONCE],
  ["Organization", 0],
  ["P-Access-Network-Info", LIST],
  ["P-Asserted-Identity", LIST],
  ["P-Asserted-Service", LIST],
  ["P-Associated-URI", LIST],
  ["P-Called-Party-ID", 0],
  ["P-Charging-Function-Addresses", 0],
  ["P-Charging-Vector", 0],
  ["P-Early-Media", LIST],
  ["P-Media-Authorization", LIST],
  ["P-Preferred-Identity", LIST],
  ["P-Preferred-Service", LIST],
  ["P-Served-User", 0],
  ["P-Visited-Network-ID", LIST],
  ["Path", LIST],
  ["Priority", 0],
  ["Priv-Answer-Mode", 0],
  ["Privacy", 0],
  ["Proxy-Authenticate", 0],
  ["Proxy-Authentication-Info", 0],
  ["Proxy-Authorization", 0],
  ["Proxy-Require", LIST],
  ["RAck", ONCE],
  ["Reason", LIST],
  ["Record-Route", LIST],
  ["Recv-Info", LIST],
  ["Refer-Sub", ONCE],
  ["Refer-To", ONCE, "r"],
  ["Referred-By", ONCE, "b"],
  ["Reject-Contact", LIST, "j"],
  ["Remote-Party-ID", LIST],
  ["Replaces", ONCE],
  ["Reply-To", 0],
  ["Request-Disposition", LIST, "d"],
  ["Require", LIST],
  ["Resource-Priority", LIST],
  ["Response-Key", 0],
  ["Retry-After", 0],
  ["Route", LIST],
  ["RSeq", ONCE],
  ["Security-Client", LIST],
  ["Security-Server", LIST],
  ["Security-Verify", LIST],
  ["Server", 0],
  ["Service-Route", LIST],
  ["Session-Expires", ONCE, "x"],
  ["Session-ID", 0],
  ["SIP-ETag", 0],
  ["SIP-If-Match", 0],
  ["Subject", 0, "s"],
  ["Subscription-State", ONCE],
  ["Supported", LIST, "k"],
  ["Target-Dialog", ONCE],
  ["Timestamp", 0],
  ["To", ONCE, "t"],
  ["Unsupported", LIST],
  ["User-Agent", 0],
  ["User-to-User", 0],
  ["Via", LIST, "v"],
  ["Warning", LIST],
  ["WWW-Authenticate", 0],
];

/** Every spelling that needs no folding of case, and the compact forms, by name. */
const BY_SPELLING = new Map<string, HeaderName>();

/** One spelling of a known name, in lower case. */
interface Spelling {
  readonly text: string;
  readonly name: HeaderName;
}

/** Names by length, first and last letter: a line's name is found without making a string of it. */
const BUCKETS: Spelling[][] = Array.from({ length: 1024 }, () => []);

const bucketOf = (length: number, first: number, last: number): number =>
  (length * 37 + (first | 0x20) * 7 + (last | 0x20)) & 1023;

const PROVED = new Set(
  "via from to call-id cseq contact route record-route max-forwards expires".split(" "),
);

/**
 * The names of properties, like a program's literals, are strings of which V8 has one copy each: it
 * compares two of them by their addresses. Nearly all work on a message begins with such a comparison.
 */
const onlyCopy = (key: string): HeaderKey => Object.keys({ [key]: 0 })[0] as HeaderKey;

let onceBits = 0;
for (const [id, [print, allows, compact]] of TABLE.entries()) {
  const key = onlyCopy(print.toLowerCase());
  const onceBit = (allows & ONCE) === 0 ? 0 : 1 << onceBits++;
  const name: HeaderName = {
    key,
    id,
    print,
    label: `\r\n${print}: `,
    isList: (allows & LIST) !== 0,
    isProved: PROVED.has(key),
    onceBit,
  };
  for (const spelling of compact === undefined ? [key] : [key, compact]) {
    const first = spelling.charCodeAt(0);
    const last = spelling.charCodeAt(spelling.length - 1);
    BUCKETS[bucketOf(spelling.length, first, last)]!.push({ text: spelling, name });
    BY_SPELLING.set(spelling, name);
    BY_SPELLING.set(spelling.toUpperCase(), name);
  }
  BY_SPELLING.set(print, name);
}

/** The known name that stands from `start` to `end`, in any case or compact; undefined for others. */
export function knownNameAt(text: string, start: number, end: number): HeaderName | undefined {
  const length = end - start;
  if (length < 1) return undefined;
  const bucket = BUCKETS[bucketOf(length, text.charCodeAt(start), text.charCodeAt(end - 1))]!;
  for (let i = 0; i < bucket.length; i++) {
    const { text: spelling, name } = bucket[i]!;
    // Nearly all peers write the canonical spelling.
    if (name.print.length === length && text.startsWith(name.print, start)) return name;
    if (sameName(text, start, end, spelling)) return name;
  }
  return undefined;
}

/** The known header of that name: quick for the spellings that our code uses. */
export const knownName = (name: string): HeaderName | undefined =>
  BY_SPELLING.get(name) ?? BY_SPELLING.get(name.toLowerCase());

/** The name that any spelling means, compact forms too: for names that aren't our own code's. */
export const headerKey = (spelling: string): HeaderKey =>
  (knownName(spelling) ?? unknownName(spelling)).key;

/** A header that is none of the table's keeps its own spelling. */
export function unknownName(spelling: string): HeaderName {
  const key = spelling.toLowerCase() as HeaderKey;
  return {
    key,
    id: -1,
    print: spelling,
    label: `\r\n${spelling}: `,
    isList: false,
    isProved: false,
    onceBit: 0,
  };
}
