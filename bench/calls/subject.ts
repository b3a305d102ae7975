import type { Host } from "../../test/lab/index.ts";

/** Where the load's two ends and the subject stand; all on one host's loopback. */
export const PLACES = {
  caller: "198.51.100.2",
  publicSide: "198.51.100.1",
  privateSide: "10.20.0.1",
  callee: "10.20.0.2",
} as const;

export const PORT = 5060;

/** What is measured: a program, or several, that take calls from the caller to the callee. */
export interface Subject {
  readonly name: string;
  /** Where the caller sends. */
  readonly address: string;
  readonly port: number;
  /** Every process whose time and memory count. */
  pids(): readonly number[];
  stop(): Promise<void>;
}

/** Starts a subject on one core, with media set up on every call or not. */
export type StartSubject = (host: Host, options: SubjectOptions) => Promise<Subject>;

export interface SubjectOptions {
  readonly core: number;
  readonly media: boolean;
  /** Node's own flags, of a subject that is a Node program. */
  readonly nodeOptions?: string;
}
