import { addressKind, parseAddress } from "#base";
import type { Flow } from "#sip";
import { type ParseFailure, parseUri, type Request } from "#sip-message";
import { type Evidence, excerptOf, type Rule } from "./evidence.ts";
import type { OwnPlaces } from "./own-places.ts";
import { signatureOf } from "./signatures.ts";

/** In hundredths. One broken message may be an accident; five by TCP, or ten by UDP, are none. */
const WEIGHTS = {
  malformed: 20,
  scanner: 100,
  "odd-method": 20,
  forged: 50,
  "smuggled-media": 50,
} as const;

type Fault = keyof typeof WEIGHTS;

const RULES: Readonly<Record<Fault, Rule>> = {
  malformed: "malformed",
  scanner: "scanner",
  "odd-method": "scanner",
  forged: "forged",
  "smuggled-media": "smuggled-media",
};

/** All that RFCs have, or telephones say: who tries others looks what happens. */
const METHODS: ReadonlySet<string> = new Set([
  ...["INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "PRACK", "UPDATE", "INFO"],
  ...["SUBSCRIBE", "NOTIFY", "PUBLISH", "REFER", "MESSAGE"],
  ...["PING", "SERVICE", "NEGOTIATE", "BENOTIFY", "DO", "KDMQ"],
]);

/** What a message of somebody whom we don't serve says against its sender, or nothing. */
export function strangerEvidence(
  message: Request | ParseFailure,
  text: string,
  flow: Flow,
  places: OwnPlaces,
): Evidence | undefined {
  const fault = faultOf(message, flow, places);
  return fault && { rule: RULES[fault], weight: WEIGHTS[fault], excerpt: excerptOf(text) };
}

function faultOf(
  message: Request | ParseFailure,
  flow: Flow,
  places: OwnPlaces,
): Fault | undefined {
  if (message.kind === "parse-failure") return "malformed";
  if (signatureOf(message, "any")) return "scanner";
  const hosts = [message.via.host, parseUri(message.contact?.uri ?? "")?.host];
  if (hosts.some((host) => host !== undefined && places.isOthers(host, flow))) return "forged";
  if (aimsAtOthers(message.body, flow, places)) return "smuggled-media";
  return METHODS.has(message.method) ? undefined : "odd-method";
}

/** As much of a body as descriptions have, and as many addresses as any has streams. */
const BODY_LENGTH_MAX = 8_192;
const ADDRESSES_MAX = 16;
const CONNECTION = /^c=IN IP[46] ([0-9a-f.:]{2,45})/gim;

/** Where a description has media sent to whom its sender can't be (attack case E4). */
function aimsAtOthers(body: string, flow: Flow, places: OwnPlaces): boolean {
  if (body === "") return false;
  let left = ADDRESSES_MAX;
  for (const [, address = ""] of body.slice(0, BODY_LENGTH_MAX).matchAll(CONNECTION)) {
    if (left-- === 0) return false;
    if (places.isOthers(address, flow) || isNobodys(address, flow)) return true;
  }
  return false;
}

const LOOPBACK = /^(?:127\.|::1$)/;

/** A whole group's, or the receiver's own machine; in a trial all are on one. */
function isNobodys(address: string, { remoteAddress }: Flow): boolean {
  const bytes = parseAddress(address);
  const kind = bytes && addressKind(bytes);
  if (kind === "loopback") return !LOOPBACK.test(remoteAddress);
  return kind === "multicast" || kind === "broadcast";
}
