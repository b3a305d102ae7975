import type { Instant } from "#base";
import { CallMedia, type Role } from "#media";
import { SAVED_CALL_VERSION, type SavedCall, type SavedLeg } from "#port";
import { Headers } from "#sip-message";
import { Call } from "./call.ts";
import type { CallKeeper } from "./call-parts.ts";
import { CallTerms } from "./call-terms.ts";
import type { Leg } from "./legs.ts";
import type { Policy } from "./pipeline.ts";
import { SessionTimer } from "./session-timer.ts";
import type { Switchboard } from "./setup.ts";
import { Story } from "./story.ts";

/** What we may have sent in a dialog since its call was written down; a gap does no harm (RFC 3261 §12.2.1.1). */
const SEQ_MARGIN = 100;

/** An answered call as it is now, whose media nobody negotiates. */
export function saveCall({ id, terms, lines, hasNoLine, story, media, chosen }: Call): SavedCall {
  const { caller, callee } = chosen!;
  return {
    version: SAVED_CALL_VERSION,
    id,
    terms: terms.saved,
    lines,
    hasNoLine,
    story: story.saved,
    media: media.state,
    legs: { caller: saveLeg(caller), callee: saveLeg(callee) },
  };
}

function saveLeg(leg: Leg): SavedLeg {
  const { side, dialog, flow, inviteSeq, home, contactUser, ob } = leg;
  const { ownsCallId, hasReferred, knowsReplaces, timer } = leg;
  const hasCredentials = leg.credentials !== undefined;
  const known = {
    side,
    dialog,
    flow,
    inviteSeq,
    home,
    contactUser,
    ob,
    ownsCallId,
    hasReferred,
    knowsReplaces,
  };
  const { takesUpdate = false, terms } = timer ?? {};
  const identity = leg.identity && [...leg.identity.entries()];
  return { ...known, identity, hasCredentials, timer: terms && { ...terms, takesUpdate } };
}

/** Whether the ports of its media are its own again. */
interface Resumed {
  readonly call: Call;
  readonly hasMedia: boolean;
}

/** The call as it was; without its ports where somebody else has them. */
export function resumeCall(
  board: Switchboard,
  keeper: CallKeeper,
  policy: Policy,
  saved: SavedCall,
  now: Instant,
): Resumed {
  const { id, legs } = saved;
  const terms = new CallTerms(saved.terms);
  const media = CallMedia.revive(saved.media, board.setup.media, board.ports, now);
  const call = new Call(board, keeper, {
    id,
    terms,
    story: Story.resume(board, saved.story),
    media: media ?? withoutPorts(board, saved),
    callersCallId: "",
    candidates: [],
  });
  const leg = (role: Role): Leg => {
    const { trunk } = terms.of(role, legs[role].side);
    return resumeLeg(legs[role], policy.peerOf(legs[role].side, trunk));
  };
  call.lines = saved.lines;
  call.hasNoLine = saved.hasNoLine;
  call.resume({ caller: leg("caller"), callee: leg("callee") });
  for (const role of ["caller", "callee"] as const) resumeTimer(board, call, role, saved, now);
  return { call, hasMedia: media !== undefined };
}

const withoutPorts = (board: Switchboard, { media }: SavedCall): CallMedia =>
  new CallMedia(
    { ...media, agreed: [], exchange: undefined, forks: undefined },
    board.setup.media,
    board.ports,
  );

function resumeLeg(
  { hasCredentials, timer: _, dialog, identity, ...leg }: SavedLeg,
  { credentials, withheld }: Pick<Leg, "credentials" | "withheld">,
): Leg {
  const { ownsCallId = false, hasReferred = false, ...known } = leg;
  return {
    ...known,
    ...(identity && { identity: headersOf(identity) }),
    ownsCallId,
    hasReferred,
    dialog: { ...dialog, localSeq: dialog.localSeq + SEQ_MARGIN },
    credentials: hasCredentials ? credentials : undefined,
    withheld,
  };
}

function headersOf(fields: NonNullable<SavedLeg["identity"]>): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) headers.add(name, value);
  return headers;
}

/** It begins anew: at worst we refresh, or wait for a refresh, a little later than we would have. */
function resumeTimer(
  board: Switchboard,
  call: Call,
  role: Role,
  saved: SavedCall,
  now: Instant,
): void {
  const { timer } = saved.legs[role];
  if (!timer) return;
  const leg = call.chosen![role];
  leg.timer = new SessionTimer(board, call, leg, timer);
  leg.timer.takesUpdate = timer.takesUpdate;
  leg.timer.agreed({ intervalS: timer.intervalS, weRefresh: timer.weRefresh }, now);
}
