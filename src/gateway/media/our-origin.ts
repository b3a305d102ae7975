import { isAddress, ownText } from "#base";
import {
  type MediaLine,
  type Origin,
  parseMediaLine,
  parseOrigin,
  printLines,
  printOrigin,
  refusedSection,
  type Sdp,
} from "#sdp";
import type { OurOrigin } from "./call-media-state.ts";
import type { Role } from "./command.ts";

/** Our o= line towards one leg. The session ids differ by leg, so that they can't be matched. */
export const newOrigin = (callId: string, role: Role): OurOrigin => ({
  sessionId: `${numberOf(`${role}/${callId}`)}`,
  version: 0,
  body: "",
});

/** The m= lines of the description that a leg was told last. */
export function linesTold({ body }: OurOrigin): readonly MediaLine[] {
  if (body === "") return [];
  return body
    .split("\r\n")
    .flatMap((line) => (line.startsWith("m=") ? (parseMediaLine(line.slice(2)) ?? []) : []));
}

/** What was told last is what has been agreed on. */
export function keepTold(origins: Readonly<Record<Role, OurOrigin>>): void {
  for (const origin of Object.values(origins)) origin.agreed = origin.body;
}

/** A peer's descriptions never lose an m= line (RFC 3264 §8): those that it has beyond go as off. */
export function lengthened(sdp: Sdp, told: OurOrigin): Sdp {
  const more = linesTold(told).slice(sdp.media.length);
  if (more.length === 0) return sdp;
  return { session: sdp.session, media: [...sdp.media, ...more.map(refusedSection)] };
}

/**
 * The text of a description with our o= line in the place of theirs. The session id is ours and
 * stays; the version grows when anything changed since the last one (RFC 3264 §8). Of theirs, user
 * name and address stay where there is no mask to hide them: those that were told first, whoever
 * else the leg is joined to later.
 */
export function printAsOurs(
  lines: string[],
  theirs: Origin | undefined,
  ours: OurOrigin,
  address: string,
): string {
  const at = lines.findIndex((line) => line.startsWith("o="));
  const shown = theirs && (originTold(ours) ?? theirs);
  const host = shown && isAddress(shown.host) ? shown.host : address;
  const print = (): string => {
    lines[at] = printOrigin({
      username: shown?.username ?? "-",
      sessionId: ours.sessionId,
      version: `${ours.version}`,
      host,
    });
    return printLines(lines);
  };
  // Printed first as if nothing had changed, which only a second one can be.
  if (ours.version > 0 && print() === ours.body) return ours.body;
  ours.version++;
  // Kept as long as the call: not as the pieces that it was put together from.
  ours.body = ownText(print());
  return ours.body;
}

function originTold({ body }: OurOrigin): Origin | undefined {
  const at = body.indexOf("\r\no=");
  return at < 0 ? undefined : parseOrigin(body.slice(at + 4, body.indexOf("\r\n", at + 4)));
}

/** A number of a text (FNV-1a): as good a session id as any, since call ids are made by chance. */
function numberOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
