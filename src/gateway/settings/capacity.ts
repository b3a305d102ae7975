import type { Settings } from "./settings.ts";

/** How many calls the port range carries (§3.1). */
export interface Capacity {
  readonly ports: number;
  /** With 4 ports each: RTP and RTCP, public and private. */
  readonly audioCalls: number;
  /** With 8 ports each. */
  readonly videoCalls: number;
}

export function capacityOf({ rtp }: Pick<Settings, "rtp">): Capacity {
  // Ports are given in pairs that begin even: an odd one at the end is never used.
  const ports = Math.floor((rtp.portMax - rtp.portMin + 1) / 2) * 2;
  return { ports, audioCalls: Math.floor(ports / 4), videoCalls: Math.floor(ports / 8) };
}
