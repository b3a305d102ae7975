import type { Secret } from "#base";

/**
 * Which of a call's two legs: who asked for the call, or who was called. Most often they are on
 * different sides; after a transfer both may be on one.
 */
export type Role = "caller" | "callee";

export const otherRole = (role: Role): Role => (role === "caller" ? "callee" : "caller");

/** A protection profile of SRTP by its name in SDP (RFC 4568 §6.2, RFC 6188 §4, RFC 7714 §14.1). */
export type SrtpSuite =
  | "AES_CM_128_HMAC_SHA1_80"
  | "AES_CM_128_HMAC_SHA1_32"
  | "AES_256_CM_HMAC_SHA1_80"
  | "AES_256_CM_HMAC_SHA1_32"
  | "AEAD_AES_128_GCM"
  | "AEAD_AES_256_GCM";

/** The master key of one direction. */
export interface SrtpKey {
  readonly suite: SrtpSuite;
  /** Base64 of master key and salt, one after the other, as long as the suite wants them. */
  readonly keySalt: Secret<string>;
  /** The name under which packets mention the key (RFC 3711 §3.1), and how many bytes it has there. */
  readonly mki?: { readonly value: number; readonly bytes: number };
}

/** How one end's media is protected; a stream that changes its ports needs a new `outbound`. */
export interface SrtpKeys {
  /** The peer's: what isn't protected with it is dropped. */
  readonly inbound: SrtpKey;
  /** Ours. No two streams may have the same: their key streams would be the same. */
  readonly outbound: SrtpKey;
}

/**
 * What two descriptions say of ICE (RFC 8839 §5.4), at most 255 characters each. We are a lite
 * agent: the peer's password is of no use to us. New values are a restart; the former ones stay
 * good until the peer nominates under the new.
 */
export interface IceEnd {
  /** Ours: at least 4 characters, and 22 of password. */
  readonly ufrag: string;
  readonly password: Secret<string>;
  /** Absent until the peer's description is known: its checks may be faster. */
  readonly remoteUfrag?: string;
}

/** A certificate by its hash (RFC 8122 §5); SHA-1 is none to rely on. */
export interface StrongFingerprint {
  readonly hash: "sha-256" | "sha-384" | "sha-512";
  /** As SDP has it: pairs of hexadecimal digits with colons between. */
  readonly value: string;
}

/** Keys of SRTP by DTLS (RFC 5763). What stays the same goes on; another value begins anew. */
export interface DtlsEnd {
  /** Ours: who is active begins. */
  readonly role: "active" | "passive";
  /** The peer's, at least one; of the first 8 those of the strongest hash count. */
  readonly fingerprints: readonly StrongFingerprint[];
}

/**
 * The line of a bundle (RFC 9143) that an end is: all of them have one port, with RTCP on it, and one
 * pair and association.
 */
export interface BundledEnd {
  /** Its name towards the peer, of at most 32 characters. */
  readonly mid: string;
  /** The number of the header extension that names it in packets; 0: none does. */
  readonly midId: number;
  /** The sources that the peer's description names: at most 32. */
  readonly ssrcs: readonly number[];
  /** What it was offered with, kept until all is agreed: another early dialog may want that. */
  readonly own?: { readonly port: number; readonly ice?: IceEnd };
}

/** One direction-less end of a stream: our two ports towards one leg, and where its peer wants media. */
export interface StreamEnd {
  /** Our address, as bound by the media plane (IP2 or IP3, never IP1). */
  readonly localAddress: string;
  /** Our RTP port (even) and RTCP port; `rtcpPort` equals `port` under rtcp-mux (RFC 5761). */
  readonly port: number;
  readonly rtcpPort: number;
  /** The peer's address by its SDP; absent until it is known: nothing is sent there. */
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly remoteRtcpPort?: number;
  /** Symmetric RTP: may learn the real source from the first packets (attack case E1). */
  readonly latch: boolean;
  /** DSCP of what we send to this end, 0–63. */
  readonly dscp: number;
  /** Absent: plain RTP, unless `dtls` makes the keys. */
  readonly srtp?: SrtpKeys;
  /**
   * With rtcp-mux alone. The pair that the peer nominates is then where media goes, and every
   * address that passed a check may send it; the remote address only says that we may send.
   */
  readonly ice?: IceEnd;
  /** Without `srtp`. Until the keys are there nothing passes, either way; each port has its own. */
  readonly dtls?: DtlsEnd;
  /** Absent: its port is its own. */
  readonly bundle?: BundledEnd;
  /** What its peer's description lists, and so what it is sent (RFC 3264 §6.1). */
  readonly formats?: readonly Format[];
}

/** A payload type of RTP as a description has it. */
export interface Format {
  readonly payloadType: number;
  /** The codec's name in lower case; "" when nobody said. */
  readonly encoding: string;
  readonly clockHz: number;
}

/**
 * One m= line of one call. `kind` "opaque" is UDP passed as it is (T.38 over UDPTL, BFCP): one
 * port, no RTP rules.
 */
export interface Stream {
  readonly id: string;
  readonly callId: string;
  readonly kind: "rtp" | "opaque";
  readonly ends: Readonly<Record<Role, StreamEnd>>;
  /** After this long without a packet from either end the plane reports `silent`; 0: never. */
  readonly silenceS: number;
  /** An m= line of audio: its figures are the call's. */
  readonly isVoice?: boolean;
}

export type MediaCommand =
  /** Opens a stream, or changes it to this: ports that are no longer named are closed. */
  | { readonly kind: "stream"; readonly stream: Stream }
  | { readonly kind: "close"; readonly id: string }
  /** How often the plane tells of all streams what they counted; 0: never. */
  | { readonly kind: "figures"; readonly everyS: number }
  /** Whether the kernel may relay by itself what it can, where it was prepared for that. */
  | { readonly kind: "kernel"; readonly isOn: boolean };

/** Packets as one end's peer sent them to us, and what became of them; drops by named reason. */
export interface EndCounters {
  readonly packetsIn: number;
  readonly bytesIn: number;
  readonly rtcpIn: number;
  /** Packets that we sent to this end. */
  readonly packetsOut: number;
  /** Of `packetsIn`, those that the kernel relayed by itself. */
  readonly packetsByKernel: number;
  /** RTP sequence numbers that never came (RFC 3550 A.3); what came twice makes up for none. */
  readonly lost: number;
  /** Packets that a later one had overtaken. */
  readonly reordered: number;
  readonly duplicates: number;
  /** Digits pressed (RFC 4733): how many, not which. */
  readonly dtmfEvents: number;
  /** How unevenly packets came (RFC 3550 A.8): of late, and in the mean. Absent: not known. */
  readonly jitterMs?: number;
  readonly jitterMeanMs?: number;
  /** From us to this end's peer and back, by RTCP: the latest, and in the mean. Absent: not known. */
  readonly roundTripMs?: number;
  readonly roundTripMeanMs?: number;
  /** The payload type of the latest packet of voice or video. */
  readonly payloadType?: number;
  readonly drops: Readonly<Record<string, number>>;
}

/** An end that nothing came from. */
export const NOTHING_COUNTED: EndCounters = {
  packetsIn: 0,
  bytesIn: 0,
  rtcpIn: 0,
  packetsOut: 0,
  packetsByKernel: 0,
  lost: 0,
  reordered: 0,
  duplicates: 0,
  dtmfEvents: 0,
  drops: {},
};

export interface StreamCounters {
  readonly id: string;
  readonly ends: Readonly<Record<Role, EndCounters>>;
}

export type MediaEvent =
  | {
      readonly kind: "latched";
      readonly id: string;
      readonly role: Role;
      readonly address: string;
      readonly port: number;
    }
  | { readonly kind: "silent"; readonly id: string; readonly forS: number }
  /** DTLS has made an end's keys, and the peer's certificate is the one of its description. */
  | {
      readonly kind: "secured";
      readonly id: string;
      readonly role: Role;
      readonly suite: SrtpSuite;
    }
  /** The peer ended its association (its BYE should follow): nothing passes there any more. */
  | {
      readonly kind: "unsecured";
      readonly id: string;
      readonly role: Role;
      readonly why: string;
    }
  /**
   * The stream could not be opened, as when a port is taken by another program; or, with a role,
   * DTLS failed to make that end's keys, and nothing passes there.
   */
  | { readonly kind: "failed"; readonly id: string; readonly why: string; readonly role?: Role }
  /** The last counters of a stream, after its `close` (and for a replaced port set). */
  | { readonly kind: "closed"; readonly counters: StreamCounters }
  /** What all streams have counted so far that heard something since the last time. */
  | { readonly kind: "figures"; readonly streams: readonly StreamCounters[] }
  /**
   * The plane's process ended and came back, with another certificate: all its streams are gone and
   * are opened again.
   */
  | {
      readonly kind: "restarted";
      readonly fingerprint: string;
      /** By SHA-384. */
      readonly fingerprint384?: string;
    };
