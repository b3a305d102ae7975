import {
  attributeName,
  attributeValue,
  connectionLine,
  type MediaLine,
  type MediaSection,
  networkAddress,
  parseConnection,
  printMediaLine,
} from "#sdp";
import type { Side } from "#sip";
import { isBundle, isMidExtension } from "./bundle.ts";
import { hasFeedback } from "./profile.ts";
import type { SdpMask } from "./sdp-mask.ts";

/** To whom a description goes, and the address of ours that stands in it. */
export interface Rewriting {
  readonly to: Side;
  readonly address: string;
  readonly mask: SdpMask | undefined;
  /** Whoever wrote it has ICE: 0.0.0.0 is no hold there, but an address not known yet. */
  readonly ice?: boolean;
}

/** Our ports of one stream on the side that the description goes to. */
export interface OurPorts {
  readonly port: number;
  readonly rtcpPort: number;
  /** Whether a=rtcp-mux may pass. */
  readonly mux: boolean;
  /** The profile to be told; absent: as it came. */
  readonly protocol?: string;
  /** The line has a name of its own there. */
  readonly isNamed?: boolean;
  /** Our own lines, at the end: keys, fingerprint, ICE; nobody else's pass. */
  readonly own?: readonly string[];
}

/** The session part for the other side. The o= line passes: its writer is `originLine`'s caller. */
export const rewriteSession = (lines: readonly string[], how: Rewriting): string[] =>
  rewriteLines(lines, how, undefined);

/** One stream's part for the other side, its m= line first. */
export function rewriteMedia(section: MediaSection, how: Rewriting, ours: OurPorts): string[] {
  const { port, protocol = section.line.protocol, own = [] } = ours;
  const line: MediaLine = { ...section.line, port, protocol };
  // What only profiles with feedback know stays behind where the other leg's has none (RFC 4585 §4).
  // But a picture: who asks for a whole one is mostly answered, whatever the profile is called.
  const isVoice = /^audio$/i.test(section.line.media);
  const losesFeedback = isVoice && hasFeedback(section.line.protocol) && !hasFeedback(protocol);
  const said = losesFeedback ? section.lines.filter((one) => !isFeedback(one)) : section.lines;
  return [printMediaLine(line), ...rewriteLines(said, how, ours), ...own];
}

/** The part of a stream that is refused or off: where its media would go is nobody's business. */
export function rewriteIdle(section: MediaSection, how: Rewriting): string[] {
  const line: MediaLine = { ...section.line, port: 0, portCount: 1 };
  return [printMediaLine(line), ...rewriteLines(section.lines, how, undefined)];
}

function rewriteLines(
  lines: readonly string[],
  how: Rewriting,
  ours: OurPorts | undefined,
): string[] {
  const rewritten: string[] = [];
  for (const line of lines) {
    const next = rewriteLine(line, how, ours);
    if (next !== undefined) rewritten.push(next);
  }
  return rewritten;
}

function rewriteLine(line: string, how: Rewriting, ours: OurPorts | undefined): string | undefined {
  switch (line[0]) {
    case "v":
    case "o":
      return line;
    case "c":
      return how.ice ? connectionLine(how.address) : rewriteConnection(line, how.address);
    case "s":
      // A name for the call, in practice that of the software (RFC 8866 §5.3 has "-" for none).
      return how.mask ? "s=-" : line;
    case "i":
    case "u":
    case "e":
    case "p":
      return how.mask ? undefined : line;
    case "k":
      return undefined;
    case "a":
      return rewriteAttribute(line, how, ours);
    default:
      return how.mask?.leaks(line, how.to) ? undefined : line;
  }
}

/** The address 0.0.0.0 means hold (RFC 3264 §8.4), and goes on to mean it. */
function rewriteConnection(line: string, address: string): string {
  // No other address begins like that: the rest need not be read again.
  const held = / [0:]/.test(line) && parseConnection(line.slice(2))?.kind === "unspecified";
  if (!held) return connectionLine(address);
  return connectionLine(address.includes(":") ? "::" : "0.0.0.0");
}

function rewriteAttribute(
  line: string,
  how: Rewriting,
  ours: OurPorts | undefined,
): string | undefined {
  const name = attributeName(line)!;
  if (name.startsWith("ice-") || NEVER_PASS.has(name)) return undefined;
  switch (name) {
    case "rtcp":
      return ours && `a=rtcp:${ours.rtcpPort} ${networkAddress(how.address)}`;
    case "rtcp-mux":
      return ours?.mux ? line : undefined;
    case "group":
      return isBundle(line) ? undefined : line;
    case "extmap":
      return isMidExtension(line) ? undefined : passed(line, how);
    case "mid":
      return ours?.isNamed ? undefined : passed(line, how);
    case "tool":
      return how.mask ? undefined : line;
    case "fmtp":
      // It says nothing without parameters, and has hurt parsers (attack case A4).
      return attributeValue(line).includes(" ") ? passed(line, how) : undefined;
    default:
      return passed(line, how);
  }
}

const isFeedback = (line: string): boolean =>
  /^(?:rtcp-fb|rtcp-rsize)$/.test(attributeName(line) ?? "");

const passed = (line: string, how: Rewriting): string | undefined =>
  how.mask?.leaks(line, how.to) ? undefined : line;

/**
 * Attributes that hold between two neighbours alone. Passed on they would lead media round the
 * gateway (candidates, alternative addresses), give keys away (RFC 4568), or offer in disguise
 * what the m= line may not (capabilities, RFC 5939).
 */
const NEVER_PASS: ReadonlySet<string> = new Set([
  "rtcp-mux-only",
  "candidate",
  "end-of-candidates",
  "remote-candidates",
  "crypto",
  "key-mgmt",
  "fingerprint",
  "setup",
  "connection",
  "tls-id",
  "dtls-id",
  "identity",
  "source-filter",
  "bundle-only",
  "alt",
  "altc",
  "tcap",
  "acap",
  "ccap",
  "pcfg",
  "acfg",
  "csup",
  "creq",
]);
