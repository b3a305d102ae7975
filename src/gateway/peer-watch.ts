import type { Instant, Timer } from "#base";
import { type Candidate, faceHost, type Switchboard, type Wakeable } from "#calls";
import { type End, isEnd } from "#ends";
import { type HealthRules, PeerHealth, trunksOf } from "#routing";
import type { Settings, Trunk, TrunkPeer } from "#settings";
import type { Side } from "#sip";
import { Headers, Request } from "#sip-message";
import { Errand, type Outcome, type Sender } from "./errand.ts";
import type { PeerStates } from "./policy.ts";
import { queryOf, trunkCandidate } from "./trunk-candidate.ts";

/** Asks every peer by OPTIONS whether it lives (RFC 3261 §11), and remembers which are down. */
export class PeerWatch implements PeerStates {
  readonly #board: Switchboard;
  #probes = new Map<string, Probe>();

  constructor(board: Switchboard, settings: Settings, now: Instant) {
    this.#board = board;
    this.apply(settings, now);
  }

  isUp(trunk: Trunk, peer: TrunkPeer): boolean {
    return this.#probes.get(probeKey(trunk.name, peer))?.isUp ?? true;
  }

  /** Peers that stay keep what is known of them; the others are forgotten or begun. */
  apply(settings: Settings, now: Instant): void {
    const probes = new Map<string, Probe>();
    for (const { key, ...watched } of watchedOf(settings)) {
      const kept = this.#probes.get(key);
      kept?.change(watched, now);
      probes.set(key, kept ?? new Probe(this.#board, watched, now));
    }
    for (const [key, probe] of this.#probes) if (!probes.has(key)) probe.stop();
    this.#probes = probes;
  }
}

/** Whom to ask, and how often. */
interface Watched {
  /** For facts: the trunk's name, or "pbx". */
  readonly trunk: string;
  readonly candidate: Candidate;
  readonly rules: HealthRules;
}

function watchedOf(settings: Settings): (Watched & { readonly key: string })[] {
  const trunks = trunksOf(settings).flatMap((trunk) =>
    trunk.peers.map((peer) => ({
      key: probeKey(trunk.name, peer),
      trunk: trunk.name,
      candidate: trunkCandidate(trunk, peer, {}),
      rules: rulesOf(trunk),
    })),
  );
  const { host, port } = settings.pbxReached;
  const key = `pbx ${host}:${port ?? ""}/${settings.pbx.transport ?? ""}`;
  const candidate = pbxCandidate(settings);
  const pbx = { key, trunk: "pbx", candidate, rules: rulesOf(settings.pbx) };
  return [...trunks, pbx].filter(({ rules }) => rules.intervalMs > 0);
}

const rulesOf = ({ optionsIntervalS, optionsMissesMax }: Trunk | Settings["pbx"]): HealthRules => ({
  intervalMs: optionsIntervalS * 1000,
  missesMax: optionsMissesMax,
});

const probeKey = (trunk: string, peer: TrunkPeer): string =>
  `${trunk}/${peer.host}:${peer.port ?? ""}/${peer.transport ?? ""}`;

function pbxCandidate({ pbx, pbxReached }: Settings): Candidate {
  const query = queryOf("private", { ...pbxReached, transport: pbx.transport });
  return {
    name: "pbx",
    side: "private",
    query,
    uriHost: pbx.host,
    failoverStatuses: [],
    redirects: "pass",
  };
}

/** One peer's heart, listened to. */
class Probe implements Sender, Wakeable {
  readonly #board: Switchboard;
  #watched: Watched;
  readonly #health: PeerHealth;
  readonly #callId: string;
  #cseq = 0;
  #alarm: Timer<unknown> | undefined;
  #errand: Errand | undefined;

  constructor(board: Switchboard, watched: Watched, now: Instant) {
    this.#board = board;
    this.#watched = watched;
    this.#health = new PeerHealth(watched.rules, board.random, now);
    this.#callId = board.random.token(20);
    this.#later();
  }

  get isUp(): boolean {
    return this.#health.isUp;
  }

  /** The same peer under other settings. */
  change(watched: Watched, now: Instant): void {
    this.#watched = watched;
    this.#health.change(watched.rules, now);
    this.#later();
  }

  stop(): void {
    this.#errand?.abandon();
    this.#board.cancelAlarm(this.#alarm);
  }

  wake(_why: string, now: Instant): void {
    this.#health.asked();
    this.#errand = new Errand(this.#board, this, [this.#watched.candidate]);
    this.#errand.start(now);
  }

  requestFor(): Request {
    return optionsRequest(this.#board, this.#watched.candidate, this.#callId, ++this.#cseq);
  }

  sent(): void {}

  done(outcome: Outcome | End, now: Instant): void {
    this.#heard(isEnd(outcome) ? "silence" : { status: outcome.response.status }, now);
  }

  #heard(pulse: { status: number } | "silence", now: Instant): void {
    const change = this.#health.heard(pulse, now);
    this.#later();
    if (!change) return;
    const { trunk, candidate } = this.#watched;
    const kind = change.to === "up" ? "peer-up" : "peer-down";
    const fact = { kind, trunk, peer: candidate.name, why: change.why } as const;
    this.#board.emit({ kind: "fact", fact });
  }

  #later(): void {
    this.#board.cancelAlarm(this.#alarm);
    const at = this.#health.nextAt;
    if (at !== undefined) this.#alarm = this.#board.alarm(at, this, "options");
  }
}

function optionsRequest(
  board: Switchboard,
  candidate: Candidate,
  callId: string,
  cseq: number,
): Request {
  const headers = new Headers();
  const host = ourHost(board, candidate.side);
  headers.add("max-forwards", String(board.setup.maxForwards));
  headers.add("from", `<sip:${host}>;tag=${board.random.token(12)}`);
  headers.add("to", `<sip:${candidate.uriHost}>`);
  headers.add("call-id", callId);
  headers.add("cseq", `${cseq} OPTIONS`);
  headers.add("accept", "application/sdp");
  headers.add("user-agent", board.setup.product);
  return new Request("OPTIONS", `sip:${candidate.uriHost}`, headers);
}

const ourHost = (board: Switchboard, side: Side): string => faceHost(board.setup.faces[side]);
