import type { Host } from "../../test/lab/index.ts";

/** The load's two ends; they and the subjects stand on one host's loopback. */
export const CALLER = "198.51.100.2";
export const CALLEE = "10.20.0.2";
export const PORT = 5060;

/** The addresses of one subject, so that several can stand side by side. */
export interface Place {
  readonly publicSide: string;
  readonly privateSide: string;
}

/** What is measured: one program or several that take calls from the caller to the callee. */
export interface Subject {
  readonly name: string;
  /** Where the caller sends. */
  readonly address: string;
  /** Every process whose time counts; the first is the one that speaks SIP. */
  readonly pids: readonly number[];
  /** What lives in the heap of the process that speaks SIP, where it can tell. */
  heapAfterCollection?(): Promise<number>;
  stop(): Promise<void>;
}

export interface SubjectOptions {
  readonly host: Host;
  readonly place: Place;
  readonly core: number;
  /** Whether every call sets up media. */
  readonly media: boolean;
  /** Node's own flags, for a subject that is a Node program. */
  readonly nodeOptions?: readonly string[];
  /** Whether it is to tell its heap after collection. */
  readonly tellsHeap?: boolean;
}

export type StartSubject = (options: SubjectOptions) => Promise<Subject>;
