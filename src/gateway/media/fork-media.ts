import type { CallMediaState, Exchange, OurOrigin } from "./call-media-state.ts";
import type { MediaCommand, Role, Stream } from "./command.ts";
import { sameStream } from "./stream.ts";

/** What one early dialog has negotiated, and what its two ends were told last. */
export interface ForkMedia {
  readonly agreed: CallMediaState["agreed"];
  readonly exchange: Exchange | undefined;
  readonly told: Readonly<Record<Role, Pick<OurOrigin, "body" | "version">>>;
}

/** The early dialogs of one INVITE: each negotiates for itself (RFC 3261 §12.1, RFC 3264 §4). */
export interface Forks {
  /** Whose media the call's is now. */
  key: string;
  /** The INVITE's own offer, as no fork has answered it. */
  readonly base: ForkMedia;
  /** Those that are not at hand; there are as few as a call shows of its forks. */
  readonly others: { readonly key: string; readonly media: ForkMedia }[];
}

/** Goes on with what one early dialog has negotiated; what the plane must hear for that. */
export function goToFork(state: CallMediaState, key: string): MediaCommand[] {
  const { forks } = state;
  if (forks?.key === key) return [];
  const here = mediaOf(state);
  if (!forks) {
    state.forks = { key, base: here, others: [] };
    return [];
  }
  const at = forks.others.findIndex((one) => one.key === key);
  const there = at < 0 ? forks.base : forks.others.splice(at, 1)[0]!.media;
  forks.others.push({ key: forks.key, media: here });
  forks.key = key;
  restore(state, there);
  const known = new Map(streamsIn(here).map((stream) => [stream.id, stream]));
  return streamsIn(there)
    .filter((stream) => !isKnown(known.get(stream.id), stream))
    .map((stream) => ({ kind: "stream", stream }));
}

const isKnown = (told: Stream | undefined, stream: Stream): boolean =>
  told !== undefined && sameStream(told, stream);

/** The streams that only early dialogs have which are not at hand. */
export function streamsElsewhere(state: CallMediaState): Stream[] {
  const { forks } = state;
  if (!forks) return [];
  const here = new Set(streamsIn(state).map(({ id }) => id));
  const found = new Map<string, Stream>();
  for (const media of [forks.base, ...forks.others.map((one) => one.media)]) {
    for (const stream of streamsIn(media)) if (!here.has(stream.id)) found.set(stream.id, stream);
  }
  return [...found.values()];
}

/** Every stream of one negotiation that holds ports, as the plane knows it. */
export function streamsIn({
  agreed,
  exchange,
}: Pick<CallMediaState, "agreed" | "exchange">): Stream[] {
  const live = new Map<string, Stream>();
  for (const { stream } of agreed) if (stream) live.set(stream.id, stream);
  for (const { told } of exchange?.lines ?? []) if (told) live.set(told.id, told);
  return [...live.values()];
}

function mediaOf({ agreed, exchange, origins }: CallMediaState): ForkMedia {
  const told = ({ body, version }: OurOrigin) => ({ body, version });
  return { agreed, exchange, told: { caller: told(origins.caller), callee: told(origins.callee) } };
}

function restore(state: CallMediaState, { agreed, exchange, told }: ForkMedia): void {
  state.agreed = agreed;
  state.exchange = exchange;
  Object.assign(state.origins.caller, told.caller);
  Object.assign(state.origins.callee, told.callee);
}
