import { isAddress } from "#base";
import { type Origin, printLines, printOrigin } from "#sdp";
import type { Side } from "#sip";
import type { OurOrigin } from "./call-media-state.ts";

/** Our o= lines of a call. The session ids differ by side, so that they can't be matched. */
export function newOrigins(callId: string): Record<Side, OurOrigin> {
  const origin = (side: Side): OurOrigin => ({
    sessionId: `${numberOf(`${side}/${callId}`)}`,
    version: 0,
    body: "",
  });
  return { public: origin("public"), private: origin("private") };
}

/**
 * The text of a description with our o= line in the place of theirs. The session id is ours and
 * stays; the version grows when anything changed since the last one (RFC 3264 §8). With the mask
 * on, neither user name nor address of theirs is in it.
 */
export function printAsOurs(
  lines: string[],
  theirs: Origin,
  ours: OurOrigin,
  how: { readonly address: string; readonly masked: boolean },
): string {
  const at = lines.findIndex((line) => line.startsWith("o="));
  const keepsHost = !how.masked && isAddress(theirs.host);
  const print = (): string => {
    lines[at] = printOrigin({
      username: how.masked ? "-" : theirs.username,
      sessionId: ours.sessionId,
      version: `${ours.version}`,
      host: keepsHost ? theirs.host : how.address,
    });
    return printLines(lines);
  };
  const same = print();
  if (same === ours.body) return same;
  ours.version++;
  ours.body = print();
  return ours.body;
}

/** A number of a text (FNV-1a): as good a session id as any, since call ids are made by chance. */
function numberOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
