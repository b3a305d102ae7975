import type { EndCounters, StreamCounters } from "#media";
import type { Payload } from "./payload.ts";

/** What is counted of a stream, whose id is known later. */
export type CountersOf = (id: string) => StreamCounters;

/** Both ends' accounts, as native/src/figures.cc writes them. */
export function readCounters(payload: Payload, dropNames: readonly string[]): CountersOf {
  const caller = readEnd(payload, dropNames);
  const callee = readEnd(payload, dropNames);
  return (id) => ({ id, ends: { caller, callee } });
}

const NO_PAYLOAD_TYPE = 0xff;

function readEnd(payload: Payload, dropNames: readonly string[]): EndCounters {
  const drops: Record<string, number> = {};
  const counters: { -readonly [Name in keyof EndCounters]: EndCounters[Name] } = {
    packetsIn: payload.count(),
    bytesIn: payload.count(),
    rtcpIn: payload.count(),
    packetsOut: payload.count(),
    packetsByKernel: payload.count(),
    lost: payload.count(),
    reordered: payload.count(),
    duplicates: payload.count(),
    dtmfEvents: payload.count(),
    drops,
  };
  for (const name of MEASURED) {
    const value = payload.count();
    // Negative: nothing was measured yet.
    if (value >= 0) counters[name] = value;
  }
  const payloadType = payload.u8();
  if (payloadType !== NO_PAYLOAD_TYPE) counters.payloadType = payloadType;
  for (let left = payload.u8(); left > 0; left--) {
    const name = dropNames[payload.u8()] ?? "unknown";
    drops[name] = payload.count();
  }
  return counters;
}

const MEASURED = ["jitterMs", "jitterMeanMs", "roundTripMs", "roundTripMeanMs"] as const;
