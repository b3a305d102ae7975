import assert from "node:assert/strict";
import type { Program } from "./program.ts";
import { loudSeconds, purities, readWav } from "./tone.ts";

/** A program that plays a tone into its calls and keeps what it hears. */
export interface Telephone {
  readonly program: Program;
  /** What it heard, as a WAV file; complete once it has stopped. */
  heard(): Buffer;
  /** How many seconds of audio it has kept until now. */
  heardSeconds(): number;
  /** Hangs up and ends. */
  stop(): Promise<void>;
}

// The first packets of a call may come before its answer does.
const START_S = 0.5;
const PURE = 0.95;

/** Resolves once each has heard so many seconds more. */
export async function hearMore(seconds: number, ...phones: readonly Telephone[]): Promise<void> {
  const until = phones.map((phone) => phone.heardSeconds() + seconds);
  for (const [index, phone] of phones.entries()) {
    await phone.program.reaches("heard enough", () => phone.heardSeconds() > (until[index] ?? 0));
  }
}

/** Fails unless it heard this tone, and nearly nothing else, for so long. */
export function heardTone(phone: Telephone, hz: number, seconds: number): void {
  const sound = readWav(phone.heard());
  assert.ok(loudSeconds(sound) > seconds - START_S, `${loudSeconds(sound)} s were heard`);
  const parts = purities(sound, hz).sort((a, b) => a - b);
  const median = parts[Math.floor(parts.length / 2)] ?? 0;
  assert.ok(median > PURE, `the sound is ${median} pure at ${hz} Hz`);
}

/** Waits until both have heard so many seconds, then the caller hangs up and both end. */
export async function talkAndHangUp(
  caller: Telephone,
  called: Telephone,
  seconds: number,
): Promise<void> {
  const [how] = await caller.program.line(/Call established|session closed.*/);
  assert.equal(how, "Call established");
  await hearMore(seconds, caller, called);
  await caller.stop();
  await called.program.line(/terminated|closed/i);
  await called.stop();
}
