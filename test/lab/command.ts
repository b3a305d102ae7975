import { execFileSync } from "node:child_process";

/** Runs a short command to its end and returns what it printed; its error carries what it complained of. */
export function command(name: string, ...args: readonly string[]): string {
  return execFileSync(name, args, {
    encoding: "latin1",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 256 * 1024 * 1024,
  });
}

/** The same, where failing is an answer too. */
export function tryCommand(name: string, ...args: readonly string[]): string | undefined {
  try {
    return command(name, ...args);
  } catch {
    return undefined;
  }
}
