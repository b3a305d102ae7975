import type { Settings } from "#settings";
export function trialSettings(): Settings { throw new Error("x"); }
export async function runTrial(..._: unknown[]): Promise<void> {}
