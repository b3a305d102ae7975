import { type Random, Secret } from "#base";
import { findAttribute, hasAttribute, type MediaSection, printCandidate, type Sdp } from "#sdp";
import type { IceEnd } from "./command.ts";
import type { Remote } from "./target.ts";

/** What a description says of a line's ICE: all that a lite agent needs to know of its peer. */
export interface PeerIce {
  readonly ufrag: string;
}

/** Our name and password of one end's ICE. */
export type IceCredentials = Pick<IceEnd, "ufrag" | "password">;

const UFRAG = /^[A-Za-z0-9+/]{4,255}$/;
const PASSWORD = /^[A-Za-z0-9+/]{22,256}$/;
const UFRAG_LENGTH = 8;
/** At five bits a character these are more than the 128 that RFC 8445 §5.3 wants. */
const PASSWORD_LENGTH = 26;
/** RFC 8445 §5.1.2: a host's first choice, and it has no other. */
const PRIORITY = 2_130_706_431;

/**
 * Where media goes is what the checks find, and no description says it: neither what stands in c=
 * nor any candidate is looked at, let alone sent to (attack case E4).
 */
export const BY_ICE: Remote = { address: "0.0.0.0", port: 9, rtcpPort: 9 };

/**
 * The peer's ICE (RFC 8839 §5.4), the line's own words first. Another lite agent checks nothing,
 * and who found its words bent on the way goes on without (§5.3): both get none.
 */
export function iceOf(sdp: Sdp, { lines }: MediaSection): PeerIce | undefined {
  const ufrag = findAttribute(lines, "ice-ufrag") ?? findAttribute(sdp.session, "ice-ufrag");
  if (ufrag === undefined || !UFRAG.test(ufrag)) return undefined;
  const password = findAttribute(lines, "ice-pwd") ?? findAttribute(sdp.session, "ice-pwd");
  if (password === undefined || !PASSWORD.test(password)) return undefined;
  if (hasAttribute(sdp.session, "ice-lite") || hasAttribute(lines, "ice-mismatch"))
    return undefined;
  return { ufrag };
}

/** Another name of the peer is a restart, which is answered by other words of ours (RFC 8839 §4.4.3). */
export function answeringIce(
  { ufrag: remoteUfrag }: PeerIce,
  former: IceEnd | undefined,
  create: () => IceCredentials,
): IceEnd {
  const goesOn = former !== undefined && (former.remoteUfrag ?? remoteUfrag) === remoteUfrag;
  const { ufrag, password } = goesOn ? former : create();
  return { ufrag, password, remoteUfrag };
}

/** A name and a password by chance, of letters and digits. */
export const newIce = (random: Random): IceCredentials => ({
  ufrag: random.token(UFRAG_LENGTH),
  password: new Secret(random.token(PASSWORD_LENGTH)),
});

/** The lines of one stream: the address that we have is our only candidate, and no more will come. */
export function iceLines({ ufrag, password }: IceEnd, address: string, port: number): string[] {
  const candidate = {
    foundation: "1",
    component: 1,
    transport: "udp",
    priority: PRIORITY,
  } as const;
  return [
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${password.reveal()}`,
    printCandidate({ ...candidate, host: address, port, type: "host", extensions: [] }),
    "a=end-of-candidates",
  ];
}

/** What the whole description says of us: we answer checks and make none (RFC 8445 §2.5). */
export const ICE_LITE = "a=ice-lite";

export const sameIce = (a: IceEnd | undefined, b: IceEnd | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    a.ufrag === b.ufrag &&
    a.password.reveal() === b.password.reveal() &&
    a.remoteUfrag === b.remoteUfrag);
