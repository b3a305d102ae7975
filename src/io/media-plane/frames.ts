import {
  type BundledEnd,
  type DtlsEnd,
  type Format,
  type FormatUse,
  formatsFrom,
  formatUse,
  type IceEnd,
  type MediaEvent,
  type Role,
  type SrtpKey,
  type SrtpSuite,
  type Stream,
  type StreamEnd,
  type StrongFingerprint,
} from "#media";
import { type CountersOf, readCounters } from "./counters-payload.ts";
import { Payload } from "./payload.ts";
import { OtherVersion, type PlaneWord } from "./plane-word.ts";

// The control socket's language, little-endian: a length of the payload (16 bits), a kind (8
// bits), the payload. The other half is native/src/frame.h.

const COMMAND = {
  stream: 1,
  close: 2,
  counters: 3,
  fence: 4,
  advance: 5,
  figures: 6,
  kernel: 7,
  outlive: 8,
} as const;
const EVENT = {
  hello: 1,
  latched: 2,
  silent: 3,
  failed: 4,
  closed: 5,
  counters: 6,
  fence: 7,
  figures: 8,
  secured: 9,
  unsecured: 10,
  inventory: 11,
} as const;

const HEADER = 3;
const VERSION = 9;
/** By number, as native/src/srtp_keys.h has them; 0 is none. */
const SUITES: readonly (SrtpSuite | undefined)[] = [
  undefined,
  "AES_CM_128_HMAC_SHA1_80",
  "AES_CM_128_HMAC_SHA1_32",
  "AES_256_CM_HMAC_SHA1_80",
  "AES_256_CM_HMAC_SHA1_32",
  "AEAD_AES_128_GCM",
  "AEAD_AES_256_GCM",
];
/** The two ends of a stream, in the order in which frames have them. */
const ROLES: readonly Role[] = ["caller", "callee"];
const BYTES_FIRST = 16 * 1024;
/** By number, as native/src/formats.h has them. */
const USES: readonly FormatUse[] = ["media", "events", "aside"];
/** By number, as native/src/fingerprint.h and native/src/dtls.h have them; 0 is none. */
const HASHES: readonly (StrongFingerprint["hash"] | undefined)[] = [
  undefined,
  "sha-256",
  "sha-384",
  "sha-512",
];
const DTLS_ROLES: readonly (DtlsEnd["role"] | undefined)[] = [undefined, "active", "passive"];
const FINGERPRINTS_MAX = 8;
const SSRCS_MAX = 32;
/**
 * No command is longer: thirteen texts of at most 255 bytes, two lists of at most 64 formats, of
 * at most 8 fingerprints and of at most 32 sources.
 */
const COMMAND_BYTES_MAX = 8192;

/** In place of a stream's number: all of them. */
export const EVERY_STREAM = 0xffff_ffff;

/** Collects commands as frames until they are taken. Streams go by number here. */
export class CommandFrames {
  #bytes = Buffer.allocUnsafeSlow(BYTES_FIRST);
  #at = 0;
  #start = 0;

  get empty(): boolean {
    return this.#at === 0;
  }

  /** All frames since the last time. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
    return taken;
  }

  stream(slot: number, stream: Stream): void {
    this.#begin(COMMAND.stream);
    this.#u32(slot);
    this.#text(stream.id);
    this.#u8(stream.kind === "opaque" ? 1 : 0);
    this.#u32(Math.round(stream.silenceS * 1000));
    for (const role of ROLES) this.#streamEnd(stream.ends[role], formatsFrom(stream.ends, role));
    this.#finish();
  }

  close(slot: number): void {
    this.#number(COMMAND.close, slot);
  }

  counters(slot: number): void {
    this.#number(COMMAND.counters, slot);
  }

  /** Comes back as it is when all before it is done. */
  fence(number: number): void {
    this.#number(COMMAND.fence, number);
  }

  /** How often all streams are told of; 0: never. */
  figures(everyS: number): void {
    this.#number(COMMAND.figures, everyS * 1000);
  }

  /** Whether the kernel may relay by itself. */
  kernel(isOn: boolean): void {
    this.#number(COMMAND.kernel, isOn ? 1 : 0);
  }

  /** How long streams go on when the gateway has gone without a word; 0: not at all. */
  outlive(forS: number): void {
    this.#number(COMMAND.outlive, forS * 1000);
  }

  /** Moves the clock of a plane whose clock is manual. */
  advance(ms: number): void {
    this.#number(COMMAND.advance, ms);
  }

  #streamEnd(end: StreamEnd, formats: readonly Format[]): void {
    const { remoteAddress, remotePort } = end;
    const known = remoteAddress !== undefined && remotePort !== undefined;
    this.#text(end.localAddress);
    this.#u16(end.port);
    this.#u16(end.rtcpPort);
    this.#text(known ? remoteAddress : "");
    this.#u16(known ? remotePort : 0);
    this.#u16(known ? (end.remoteRtcpPort ?? 0) : 0);
    this.#u8(end.latch ? 1 : 0);
    this.#u8(end.dscp);
    this.#key(end.srtp?.inbound);
    this.#key(end.srtp?.outbound);
    this.#u8(formats.length);
    for (const format of formats) {
      this.#u8(format.payloadType);
      this.#u8(USES.indexOf(formatUse(format)));
      this.#u32(format.clockHz);
    }
    this.#ice(end.ice);
    this.#dtls(end.dtls);
    this.#bundled(end.bundle);
  }

  #bundled(bundle: BundledEnd | undefined): void {
    this.#text(bundle?.mid ?? "");
    if (!bundle) return;
    this.#u8(bundle.midId);
    const ssrcs = bundle.ssrcs.slice(0, SSRCS_MAX);
    this.#u8(ssrcs.length);
    for (const ssrc of ssrcs) this.#u32(ssrc);
  }

  #ice(ice: IceEnd | undefined): void {
    this.#text(ice?.ufrag ?? "");
    this.#text(ice?.password.reveal() ?? "");
    this.#text(ice?.remoteUfrag ?? "");
  }

  #dtls(dtls: DtlsEnd | undefined): void {
    this.#u8(DTLS_ROLES.indexOf(dtls?.role));
    if (!dtls) return;
    const fingerprints = dtls.fingerprints.slice(0, FINGERPRINTS_MAX);
    this.#u8(fingerprints.length);
    for (const { hash, value } of fingerprints) {
      this.#u8(HASHES.indexOf(hash));
      this.#at += this.#bytes.write(value.replaceAll(":", ""), this.#at, "hex");
    }
  }

  #key(key: SrtpKey | undefined): void {
    this.#u8(SUITES.indexOf(key?.suite));
    if (!key) return;
    this.#at += this.#bytes.write(key.keySalt.reveal(), this.#at, "base64");
    this.#u8(key.mki?.bytes ?? 0);
    this.#u32(key.mki?.value ?? 0);
  }

  #number(kind: number, value: number): void {
    this.#begin(kind);
    this.#u32(value);
    this.#finish();
  }

  #begin(kind: number): void {
    if (this.#at + COMMAND_BYTES_MAX > this.#bytes.length) this.#grow();
    this.#start = this.#at;
    this.#at += 2;
    this.#u8(kind);
  }

  #finish(): void {
    this.#bytes.writeUInt16LE(this.#at - this.#start - HEADER, this.#start);
  }

  #grow(): void {
    const wider = Buffer.allocUnsafeSlow(2 * this.#bytes.length);
    this.#bytes.copy(wider, 0, 0, this.#at);
    this.#bytes = wider;
  }

  #u8(value: number): void {
    this.#at = this.#bytes.writeUInt8(value, this.#at);
  }

  #u16(value: number): void {
    this.#at = this.#bytes.writeUInt16LE(value, this.#at);
  }

  #u32(value: number): void {
    this.#at = this.#bytes.writeUInt32LE(value, this.#at);
  }

  #text(value: string): void {
    const length = Math.min(value.length, 255);
    this.#u8(length);
    this.#at += this.#bytes.write(value, this.#at, length, "latin1");
  }
}

/** Cuts the plane's bytes into words, however they are split. */
export class EventFrames {
  #dropNames: readonly string[] = [];
  #unfinished: Buffer = Buffer.alloc(0);

  /** The words that these bytes complete. The bytes may be reused afterwards. */
  read(bytes: Buffer): PlaneWord[] {
    const rest = this.#unfinished.length === 0 ? bytes : Buffer.concat([this.#unfinished, bytes]);
    const words: PlaneWord[] = [];
    let at = 0;
    while (rest.length - at >= HEADER) {
      const end = at + HEADER + rest.readUInt16LE(at);
      if (end > rest.length) break;
      words.push(this.#word(rest[at + 2]!, new Payload(rest, at + HEADER), end));
      at = end;
    }
    this.#unfinished = at === rest.length ? NO_BYTES : Buffer.from(rest.subarray(at));
    return words;
  }

  #word(kind: number, payload: Payload, end: number): PlaneWord {
    switch (kind) {
      case EVENT.hello:
        return this.#hello(payload);
      case EVENT.inventory:
        return { kind: "inventory", slot: payload.u32(), id: payload.text() };
      case EVENT.fence:
        return { kind: "fence", number: payload.u32() };
      case EVENT.latched:
        return latched(payload);
      case EVENT.silent: {
        const slot = payload.u32();
        const forS = Math.floor(payload.u32() / 1000);
        return { kind: "event", slot, final: false, of: (id) => ({ kind: "silent", id, forS }) };
      }
      case EVENT.failed:
        return failed(payload);
      case EVENT.secured:
        return secured(payload);
      case EVENT.unsecured:
        return unsecured(payload);
      case EVENT.closed: {
        const { slot, final, of } = this.#counters(payload);
        const event = (id: string): MediaEvent => ({ kind: "closed", counters: of(id) });
        return { kind: "event", slot, final, of: event };
      }
      case EVENT.counters:
        return { kind: "counters", ...this.#counters(payload) };
      case EVENT.figures:
        return this.#figures(payload, end);
      default:
        throw new Error(`the media plane speaks another language: event ${kind}`);
    }
  }

  #hello(payload: Payload): PlaneWord {
    const version = payload.u16();
    const pid = payload.u32();
    if (version !== VERSION) throw new OtherVersion(version, pid);
    const streams = payload.u32();
    const callsMax = payload.u32();
    this.#dropNames = Array.from({ length: payload.u8() }, () => payload.text());
    const known = { pid, streams, callsMax, fingerprint: payload.text() };
    const fingerprint384 = payload.text();
    const [kernelFault, xdpFault] = [payload.text(), payload.text()];
    return { kind: "hello", ...known, fingerprint384, kernelFault, xdpFault };
  }

  #counters(payload: Payload): { slot: number; final: boolean; of: CountersOf } {
    const slot = payload.u32();
    const final = payload.u8() === 1;
    return { slot, final, of: readCounters(payload, this.#dropNames) };
  }

  #figures(payload: Payload, end: number): PlaneWord {
    const isLast = payload.u8() === 1;
    const streams: { slot: number; of: CountersOf }[] = [];
    while (payload.at < end) {
      streams.push({ slot: payload.u32(), of: readCounters(payload, this.#dropNames) });
    }
    return { kind: "figures", isLast, streams };
  }
}

const NO_BYTES = Buffer.alloc(0);

function latched(payload: Payload): PlaneWord {
  const slot = payload.u32();
  const role = ROLES[payload.u8()] ?? "caller";
  const address = payload.text();
  const port = payload.u16();
  const of = (id: string): MediaEvent => ({ kind: "latched", id, role, address, port });
  return { kind: "event", slot, final: false, of };
}

function failed(payload: Payload): PlaneWord {
  const slot = payload.u32();
  // Neither of the two is the stream as a whole.
  const role = ROLES[payload.u8()];
  const why = payload.text();
  const of = (id: string): MediaEvent => ({ kind: "failed", id, why, ...(role ? { role } : {}) });
  return { kind: "event", slot, final: false, of };
}

function secured(payload: Payload): PlaneWord {
  const slot = payload.u32();
  const role = ROLES[payload.u8()] ?? "caller";
  const suite = SUITES[payload.u8()]!;
  const of = (id: string): MediaEvent => ({ kind: "secured", id, role, suite });
  return { kind: "event", slot, final: false, of };
}

function unsecured(payload: Payload): PlaneWord {
  const slot = payload.u32();
  const role = ROLES[payload.u8()] ?? "caller";
  const why = payload.text();
  const of = (id: string): MediaEvent => ({ kind: "unsecured", id, role, why });
  return { kind: "event", slot, final: false, of };
}
