import { type MediaCommand, type MediaEvent, NOTHING_COUNTED, type StreamCounters } from "#media";

/**
 * What relays media. Commands take effect in their order, and no event comes while one is being
 * performed. A stream that `failed` is still to be closed; each `close` is answered by `closed`.
 */
export interface MediaPlane {
  /** The number of calls of one audio stream that the limit of open files carries. */
  readonly callsMax: number;
  /** Of the certificate of its DTLS, by SHA-256 as SDP has it: another one after `restarted`; "" without. */
  readonly fingerprint: string;
  /** The same by SHA-384. */
  readonly fingerprint384: string;
  perform(command: MediaCommand): void;
  onEvent(listener: MediaListener): void;
  /** Of these streams, or of all; those that aren't open are left out. */
  counters(ids?: readonly string[]): Promise<StreamCounters[]>;
  /** Ends the plane and all its streams, silently. */
  close(): Promise<void>;
}

export type MediaListener = (event: MediaEvent) => void;

/** The counters of a stream that relayed nothing. */
export const noCounters = (id: string): StreamCounters => ({
  id,
  ends: { caller: NOTHING_COUNTED, callee: NOTHING_COUNTED },
});
