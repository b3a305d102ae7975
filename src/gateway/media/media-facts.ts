import type { Side } from "#sip";
import type { Role } from "./command.ts";
import type { SrtpPolicy } from "./leg-voice.ts";
import type { IceCredentials } from "./line-ice.ts";
import type { SdpMask } from "./sdp-mask.ts";

/** What media needs to know of one of our sides. */
export interface MediaSide {
  /** Our address as bound here (IP2 or IP3): the media plane's. */
  readonly localAddress: string;
  /** Our address as that side reaches it (IP1, or IP3): what stands in SDP. */
  readonly advertisedAddress: string;
  /** Symmetric RTP on this side. */
  readonly latch: boolean;
}

/** On which of our sides each leg of a call is. */
export type CallSides = Readonly<Record<Role, Side>>;

/** The settings as media sees them; a call keeps those that it began with. */
export interface MediaFacts {
  readonly sides: Readonly<Record<Side, MediaSide>>;
  /** Ports of ours that aren't media's: what is sent there comes to ourselves. */
  readonly signallingPorts?: ReadonlySet<number>;
  /** The PBX's addresses, where nobody on the public side has them. */
  readonly pbx?: ReadonlySet<string>;
  readonly dscp: { readonly audio: number; readonly video: number };
  /** Absent: media is plain on both sides. */
  readonly srtp?: SrtpPolicy;
  /** Our words of ICE for one more end; absent: offers of ICE are answered without. */
  readonly newIce?: () => IceCredentials;
  /** Whether several lines may go by one port; absent: each has its own. */
  readonly bundles?: boolean;
  /** Absent: the topology mask is off. */
  readonly mask?: SdpMask;
  /** New ports for each offer within a call. */
  readonly portChange: boolean;
  /** Streams that aren't RTP pass as opaque UDP; else they are refused. */
  readonly opaque: boolean;
  /** They do so too where a side's voice must be encrypted. */
  readonly opaqueInClear?: boolean;
  /** After this long without any packet a call is dead; 0: never. */
  readonly silenceS: number;
}

/** Why an offer or an answer can't pass; each is the name of an `End`. */
export type MediaRefusalWhy =
  | "bad-sdp"
  | "media-not-allowed"
  | "media-encryption-not-available"
  | "media-encryption-required"
  | "sdp-target"
  | "no-ports"
  | "offer-pending";

/** A refusal changes nothing: neither state nor ports. */
export interface MediaRefusal {
  readonly kind: "refused";
  readonly why: MediaRefusalWhy;
  /** The finer reason, for the log: as "payload-type" or "own-address". */
  readonly what: string;
}

export const refusal = (why: MediaRefusalWhy, what: string): MediaRefusal => ({
  kind: "refused",
  why,
  what,
});

export const NO_PORTS = refusal("no-ports", "pool-empty");
export const NO_TLS = refusal("media-encryption-required", "keys-without-tls");
