export { secureRandom, systemHash } from "./entropy.ts";
export { Loop, monotonicNow, type Performers } from "./loop.ts";
