import { join } from "node:path";
import { command } from "./command.ts";

const TONE_S = 60;
const SAMPLES_PER_SECOND = 8_000;

/** Of 16 bits each. */
export const BYTES_PER_SECOND = SAMPLES_PER_SECOND * 2;

/** A WAV file of one tone, for a telephone to play; its path. */
export function makeTone(folder: string, hz: number): string {
  const path = join(folder, "tone.wav");
  command(
    "sox",
    ...["-n", "-r", String(SAMPLES_PER_SECOND), "-c", "1", "-b", "16", path],
    ...["synth", String(TONE_S), "sine", String(hz), "gain", "-6"],
  );
  return path;
}
