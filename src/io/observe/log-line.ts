import { ENDS } from "#ends";
import type { CallRecord, Fact, OutboundFlow } from "#facts";
import type { EndCounters, StreamCounters, VoiceFigures } from "#media";
import { type Denied, type ForgivenWhy, RULE_WORDS } from "#security";

export type LogLevel = "error" | "warn" | "info" | "debug";

/** The level of each fact is fixed here, so that one line in this table silences or raises it. */
const LEVELS: Readonly<Record<Fact["kind"], LogLevel>> = {
  "call-started": "info",
  "call-ringing": "debug",
  "call-answered": "info",
  "call-ended": "info",
  transferred: "info",
  "transfer-failed": "info",
  failover: "warn",
  refused: "info",
  malformed: "info",
  stranger: "info",
  "peer-up": "info",
  "peer-down": "warn",
  "challenge-unanswered": "warn",
  "trunk-registered": "info",
  "trunk-registration-failed": "warn",
  "trunk-flow-lost": "warn",
  "media-latched": "debug",
  "media-secured": "debug",
  "media-unsecured": "warn",
  "media-relayed": "debug",
  "media-restarted": "error",
  "calls-resumed": "warn",
  "source-denied": "warn",
  "source-forgiven": "info",
  "malicious-call": "warn",
  "ddos-started": "warn",
  "ddos-ended": "warn",
  "first-country": "warn",
  "settings-applied": "info",
  "drain-started": "info",
  drained: "info",
};

export const levelOf = (fact: Fact): LogLevel => LEVELS[fact.kind];

/** A fact in one line of words. Phone numbers show their last digits alone unless `open`. */
export function logLine(fact: Fact, open = false): string {
  const number = open ? printable : maskNumber;
  switch (fact.kind) {
    case "call-started":
      return `call ${fact.callId}: ${number(fact.caller)} calls ${number(fact.callee)} from the ${fact.from} side${by(fact.trunk)}`;
    case "call-ringing":
      return `call ${fact.callId}: rings`;
    case "call-answered":
      return `call ${fact.callId}: answered`;
    case "call-ended":
      return endLine(fact.record);
    case "transferred":
      return `call ${fact.callId}: transferred into call ${fact.into}`;
    case "transfer-failed":
      return `call ${fact.callId}: transfer failed (${fact.status})`;
    case "failover":
      return `call ${fact.callId}: from ${printable(fact.from)} to ${printable(fact.to)}, because of ${fact.why}`;
    case "refused":
      return `${printable(fact.method)} from ${fact.source} (${fact.side}) refused: ${ENDS[fact.end].en}`;
    case "malformed":
      return `message from ${fact.source} (${fact.side}, ${fact.transport}) not understood: ${fact.what}`;
    case "stranger":
      return `${printable(fact.what)} from ${fact.source} (${fact.side}, ${fact.transport}) ignored: neither PBX nor trunk${more(fact.untold)}`;
    case "peer-up":
      return `trunk ${fact.trunk}: peer ${fact.peer} is up`;
    case "peer-down":
      return `trunk ${fact.trunk}: peer ${fact.peer} is down${fact.why === undefined ? "" : ` (${fact.why})`}`;
    case "challenge-unanswered":
      return `${fact.method} challenged for realm "${printable(fact.realm)}", which is not that of user ${printable(fact.user)}: not answered`;
    case "trunk-registered":
      return `trunk ${fact.trunk}: ${ofFlow(fact.flow)}registered for ${fact.expiresS} s`;
    case "trunk-registration-failed":
      return `trunk ${fact.trunk}: ${ofFlow(fact.flow)}registration failed: ${printable(fact.why)}`;
    case "trunk-flow-lost":
      return `trunk ${fact.trunk}: ${ofFlow(fact.flow)}lost: ${printable(fact.why)}`;
    case "media-latched":
      return `call ${fact.callId}: media of the ${fact.side} side comes from ${fact.address}:${fact.port}`;
    case "media-secured":
      return `call ${fact.callId}: media of the ${fact.side} side is encrypted (DTLS, ${fact.what})`;
    case "media-unsecured":
      return `call ${fact.callId}: media of the ${fact.side} side has no keys: ${printable(fact.what)}`;
    case "media-relayed":
      return relayedLine(fact.counters);
    case "media-restarted":
      return `media plane restarted, ${fact.streams} streams opened again`;
    case "calls-resumed":
      return `the gateway was ended without a word; ${fact.calls} of its calls go on`;
    case "source-denied":
      return `${sourceOf(fact.denied)} ${fact.denied.isDryRun ? "would be denied (dry run)" : `denied${until(fact.denied)}`}: ${RULE_WORDS[fact.denied.rule].en}${more(fact.untold)}`;
    case "source-forgiven":
      return `${sourceOf(fact.denied)} no longer denied (${FORGIVEN[fact.why]}), ${fact.dropped} messages dropped${fact.wasMuted ? " and more unread" : ""}${fact.others === 0 ? "" : `, and ${fact.others} others`}`;
    case "malicious-call":
      return `${printable(fact.method)} from ${fact.source} (${fact.side}) is malicious: ${RULE_WORDS[fact.rule].en} (${fact.where}); ${OUTCOMES[fact.outcome]}${more(fact.untold)}`;
    case "ddos-started":
      return `flood from many sources: more than ${fact.requests} requests in ${fact.windowS} s; ${fact.isDryRun ? "nothing is dropped (dry run)" : "only trusted sources are heard"}`;
    case "ddos-ended":
      return `flood from many sources over after ${(fact.durationMs / 1000).toFixed(0)} s: ${fact.dropped} messages dropped, ${fact.passed} of trusted sources passed`;
    case "first-country":
      return `call ${fact.callId}: first call of trunk ${fact.trunk} to country +${fact.country} (${number(fact.callee)})${fact.isRefused ? ", refused" : ""}`;
    case "settings-applied":
      return `settings applied: ${fact.changes.length === 0 ? "no change" : fact.changes.join("; ")}`;
    case "drain-started":
      return `stopping: no new calls, ${fact.calls} in progress`;
    case "drained":
      return "stopped: no call left";
  }
}

function endLine(record: CallRecord): string {
  const { callId, end, status, answeredMs, endedMs, endedBy } = record;
  const talk =
    answeredMs === undefined ? "" : `, ${((endedMs - answeredMs) / 1000).toFixed(1)} s talked`;
  const who = endedBy === undefined ? "" : ` by the ${endedBy} side`;
  return `call ${callId}: ended${who}: ${ENDS[end].en} (${status})${talk}${voiceWords(record.voice)}`;
}

/** How each leg was heard; a leg that said nothing has nothing told of it. */
function voiceWords(voice: CallRecord["voice"]): string {
  const words = (["caller", "callee"] as const).map((role) => {
    const figures = voice?.[role];
    return figures && figures.packets > 0 ? `; ${role} heard with ${qualityOf(figures)}` : "";
  });
  return words.join("");
}

function qualityOf({ mos, lossPercent, jitterMs, roundTripMs }: VoiceFigures): string {
  const told = [`${lossPercent.toFixed(1)} % lost`];
  if (mos !== undefined) told.unshift(`MOS ${mos.toFixed(1)}`);
  if (jitterMs !== undefined) told.push(`jitter ${jitterMs.toFixed(0)} ms`);
  if (roundTripMs !== undefined) told.push(`round trip ${roundTripMs.toFixed(0)} ms`);
  return told.join(", ");
}

/** The stream's name begins with its call's. */
function relayedLine({ id, ends }: StreamCounters): string {
  return `stream ${id}: caller ${passed(ends.caller)}; callee ${passed(ends.callee)}`;
}

function passed(counters: EndCounters): string {
  const { packetsIn, packetsOut, rtcpIn, lost, reordered, duplicates, dtmfEvents } = counters;
  const { jitterMeanMs: jitter, roundTripMeanMs: roundTrip, drops, packetsByKernel } = counters;
  const told = [`${packetsIn} in`, `${packetsOut} out`, `${rtcpIn} RTCP in`, `${lost} lost`];
  if (packetsByKernel > 0) told.push(`${packetsByKernel} by the kernel`);
  if (reordered > 0) told.push(`${reordered} late`);
  if (duplicates > 0) told.push(`${duplicates} twice`);
  if (jitter !== undefined) told.push(`jitter ${jitter.toFixed(1)} ms`);
  if (roundTrip !== undefined) told.push(`round trip ${roundTrip.toFixed(1)} ms`);
  if (dtmfEvents > 0) told.push(`${dtmfEvents} DTMF`);
  for (const [why, count] of Object.entries(drops)) told.push(`${count} dropped (${why})`);
  return told.join(", ");
}

const OUTCOMES = {
  refused: "refused",
  "dry-run": "not refused (dry run)",
  "hidden-caller": "not refused, since the caller is hidden",
} as const;

const FORGIVEN: Readonly<Record<ForgivenWhy, string>> = {
  expired: "its time is over",
  "by-operator": "removed by an administrator",
  trusted: "trusted now",
  "list-full": "the list is full",
};

const more = (untold: number): string => (untold === 0 ? "" : `, and ${untold} more before`);

const sourceOf = ({ address, port, side }: Denied): string =>
  `${address}${port === undefined ? "" : ` port ${port}`} (${side})`;

const until = ({ untilMs, sinceMs }: Denied): string =>
  untilMs === undefined ? " for good" : ` for ${Math.round((untilMs - sinceMs) / 1000)} s`;

const ofFlow = (flow: OutboundFlow | undefined): string =>
  flow ? `flow ${flow.regId} (${flow.peer}) ` : "";

const by = (trunk: string | undefined): string => (trunk === undefined ? "" : ` (trunk ${trunk})`);

/** A peer's text can't forge a log line or steer a terminal: control characters are escaped. */
function printable(text: string): string {
  let safe = "";
  for (const char of text.slice(0, 200)) {
    const code = char.codePointAt(0)!;
    safe +=
      code < 0x20 || (code >= 0x7f && code < 0xa0)
        ? `\\x${code.toString(16).padStart(2, "0")}`
        : char;
  }
  return safe;
}

/** The last three characters of a number tell calls apart without telling who called. */
function maskNumber(text: string): string {
  const safe = printable(text);
  return safe.length <= 3 ? safe : `${"•".repeat(Math.min(safe.length - 3, 12))}${safe.slice(-3)}`;
}
