import type { MediaEvent } from "#media";
import type { CountersOf } from "./counters-payload.ts";

/** A plane that speaks another language: built by another version of the gateway. */
export class OtherVersion extends Error {
  readonly pid: number;
  constructor(version: number, pid: number) {
    super(`the media plane is of another version (${version}): run 'npm ci' again`);
    this.pid = pid;
  }
}

/** What a plane says of itself. */
export interface Hello {
  /** Its process. */
  readonly pid: number;
  /** How many streams it has, each of which an inventory tells of. */
  readonly streams: number;
  /** The number of calls of one audio stream that the limit of open files carries. */
  readonly callsMax: number;
  /** Its certificate by SHA-256, as SDP has it; another one after each start. */
  readonly fingerprint: string;
  /** The same by SHA-384: what a browser takes for another. */
  readonly fingerprint384: string;
  /** Why the kernel relays nothing by itself; "" when it does. */
  readonly kernelFault: string;
  /** Why nothing with keys goes past the network stack (AF_XDP); "" when it does. */
  readonly xdpFault: string;
}

/** What the plane says, with streams by number: `event` is made when the id is known. */
export type PlaneWord =
  | ({ readonly kind: "hello" } & Hello)
  | { readonly kind: "inventory"; readonly slot: number; readonly id: string }
  | { readonly kind: "fence"; readonly number: number }
  | {
      readonly kind: "counters";
      readonly slot: number;
      readonly of: CountersOf;
    }
  | {
      /** A part of a batch. */
      readonly kind: "figures";
      readonly isLast: boolean;
      readonly streams: readonly { readonly slot: number; readonly of: CountersOf }[];
    }
  | {
      readonly kind: "event";
      readonly slot: number;
      /** The stream's number is free again. */
      readonly final: boolean;
      readonly of: (id: string) => MediaEvent;
    };
