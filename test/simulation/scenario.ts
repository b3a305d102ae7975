import { type Random, seededRandom } from "#base";
import type { Weather } from "../support/network.ts";
import type { AnswerPlan, CallPlan, Ring } from "../support/peer-call.ts";
import type { PeerLeg } from "../support/peer-leg.ts";
import type { SipPeer } from "../support/sip-peer.ts";
import { World, type WorldOptions } from "../support/world.ts";

/** What one seed did, in words, and what was broken at its end. */
export interface Outcome {
  readonly story: string;
  readonly broken: readonly string[];
}

const WEATHERS: readonly Weather[] = [
  { lossPercent: 0, duplicatePercent: 0, delayMsMin: 1, delayMsMax: 3 },
  { lossPercent: 0, duplicatePercent: 10, delayMsMin: 1, delayMsMax: 200 },
  { lossPercent: 5, duplicatePercent: 5, delayMsMin: 1, delayMsMax: 80 },
  { lossPercent: 15, duplicatePercent: 10, delayMsMin: 5, delayMsMax: 400 },
];

/** Refusals that no failover and no redirection changes. */
const REFUSALS = [404, 480, 486, 488, 500, 600, 603];

/** Both ends hang up by then, whatever else they meant to do. */
const LONGEST_CALL_MS = 40_000;

/** One world, one to three calls at once, and mishaps; all from one seed. */
export function runScenario(seed: number): Outcome {
  const random = seededRandom(seed);
  const weather = pick(random, WEATHERS);
  const world = new World({ seed: seed + 1, weather, ...siteOf(random) });
  const play = new Play(world, random);
  play.tell(`loss ${weather.lossPercent} %, delay up to ${weather.delayMsMax} ms`);
  for (const peer of world.peers) peer.answer = () => play.answerPlan(peer);
  const calls = 1 + random.integer(3);
  for (let i = 0; i < calls; i++) {
    world.network.in(random.integer(2000), () => play.placeCall());
  }
  if (random.integer(8) === 0) play.mishap();
  const broken = thrownBy(() => world.settle());
  return { story: play.story.join("; "), broken };
}

function siteOf(random: Random): Omit<WorldOptions, "seed" | "weather"> {
  return {
    transport: pick(random, ["udp", "udp", "udp", "tcp"]),
    masked: random.integer(5) > 0,
    settings: { rtp: { changePortOnRenegotiation: pick(random, ["yes", "no"]) } },
    trunk: {
      refer: pick(random, ["pass", "perform"]),
      referFrom: pick(random, ["pbx", "both"]),
      redirects: pick(random, ["pass", "follow"]),
    },
  };
}

function thrownBy(run: () => string[]): string[] {
  try {
    return run();
  } catch (thrown) {
    return [`threw ${thrown instanceof Error ? thrown.stack : String(thrown)}`];
  }
}

/** The chance behind one world: who calls, who answers how, what both do then. */
class Play {
  readonly story: string[] = [];
  readonly #world: World;
  readonly #random: Random;
  /** Callers know no Replaces, and calls are picked up, and taken over. */
  readonly #picksUp: boolean;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
    this.#picksUp = this.#chance(3);
  }

  tell(what: string): void {
    this.story.push(what);
  }

  placeCall(): void {
    const caller = pick(this.#random, [this.#world.operator, this.#world.pbx]);
    const cancels = this.#chance(4);
    const plan: CallPlan = {
      uri: pick(this.#random, ["0123456789", "4001"]),
      offer: !this.#chance(4),
      kinds: this.#chance(3) ? ["audio", "video"] : ["audio"],
      reliable: this.#chance(3),
      isOld: this.#picksUp,
      ...(cancels ? { cancelAfterMs: this.#random.integer(3000) } : {}),
      up: (leg) => this.#live(leg),
    };
    this.tell(
      `${caller.name} calls${plan.offer ? "" : " without offer"}${cancels ? ` and cancels after ${plan.cancelAfterMs} ms` : ""}`,
    );
    caller.call(plan);
  }

  answerPlan(peer: SipPeer): AnswerPlan {
    const rings = Array.from({ length: this.#random.integer(4) }, () => this.#ring());
    const afterMs = this.#random.integer(4000);
    if (this.#picksUp) {
      const { network, operator, pbx } = this.#world;
      network.in(this.#random.integer(5000), () => this.#replace(peer, "early"));
      const other = pick(this.#random, [operator, pbx]);
      network.in(this.#random.integer(15_000), () => this.#replace(other, "confirmed"));
    }
    const lot = this.#random.integer(10);
    if (lot < 6) {
      this.tell(`${peer.name} answers after ${afterMs} ms, ${rings.length} rings`);
      const fork = this.#random.integer(2);
      return { rings, final: { status: 200, afterMs, fork }, up: (leg) => this.#live(leg) };
    }
    if (lot === 6)
      return { rings, ...this.#refusal(peer, pick(this.#random, [503, 408]), afterMs) };
    if (lot === 7) {
      const contact = `<sip:777@${this.#world.spare.addresses[0]}>`;
      return { rings, ...this.#refusal(peer, 302, afterMs, contact) };
    }
    if (lot === 8) {
      // Rings until the gateway or the caller gives up.
      this.tell(`${peer.name} rings for ever`);
      return { rings: [...rings, { status: 180, afterMs: 100 }] };
    }
    return { rings, ...this.#refusal(peer, pick(this.#random, REFUSALS), afterMs) };
  }

  /** Another phone of a peer takes what rings there, or another's place in a call. */
  #replace(peer: SipPeer, what: "early" | "confirmed"): void {
    const leg = [...peer.legs].find(({ state }) => state === what);
    if (!leg) return;
    const offer = !this.#chance(4);
    const cancelAfterMs = this.#chance(5) ? this.#random.integer(1000) : undefined;
    this.tell(`${peer.name} replaces what is ${what}${offer ? "" : " without offer"}`);
    const { replaces } = leg;
    const done = (status: number) => this.tell(`replaced: ${status}`);
    const cancels = cancelAfterMs === undefined ? {} : { cancelAfterMs };
    const up = (leg: PeerLeg) => this.#live(leg);
    peer.call({ uri: "4001", offer, replaces, done, up, ...cancels });
  }

  /** A peer forgets everything, or vanishes from the network. */
  mishap(): void {
    const { network, gateway } = this.#world;
    const peer = pick(this.#random, this.#world.peers);
    const afterMs = this.#random.integer(8000);
    const drained = pick(this.#random, ["wait", "end"] as const);
    const [what, deed] = pick<readonly [string, () => void]>(this.#random, [
      [`${peer.name} restarts`, () => peer.restart()],
      [`${peer.name} vanishes`, () => this.#world.vanish(peer)],
      [`the gateway drains (${drained})`, () => gateway.order({ kind: "drain", calls: drained })],
      ["every call is hung up", () => gateway.hangUpAll()],
      ["the media plane restarts", () => gateway.restartMedia()],
    ]);
    this.tell(`${what} after ${afterMs} ms`);
    network.in(afterMs, deed);
  }

  #refusal(
    peer: SipPeer,
    status: number,
    afterMs: number,
    contact?: string,
  ): Pick<AnswerPlan, "final"> {
    this.tell(`${peer.name} says ${status} after ${afterMs} ms`);
    return { final: { status, afterMs, ...(contact === undefined ? {} : { contact }) } };
  }

  #ring(): Ring {
    return {
      status: pick(this.#random, [180, 183]),
      afterMs: this.#random.integer(2500),
      fork: this.#random.integer(2),
      sdp: this.#chance(2),
      reliable: this.#chance(3),
    };
  }

  /** What an end does while the call is up; it hangs up at last. */
  #live(leg: PeerLeg): void {
    const { network } = this.#world;
    const deeds = this.#random.integer(4);
    for (let i = 0; i < deeds; i++) {
      const atMs = this.#random.integer(10_000);
      const deed = this.#random.integer(7);
      network.in(atMs, () => this.#deed(leg, deed));
    }
    const byeMs = this.#chance(8) ? LONGEST_CALL_MS : 500 + this.#random.integer(12_000);
    network.in(byeMs, () => leg.bye());
  }

  #deed(leg: PeerLeg, deed: number): void {
    if (leg.state !== "confirmed") return;
    const name = leg.peer.name;
    switch (deed) {
      case 0:
        this.tell(`${name} holds`);
        return leg.reinvite("sendonly");
      case 1:
        this.tell(`${name} resumes`);
        return leg.reinvite("sendrecv");
      case 2:
        this.tell(`${name} re-INVITEs without offer`);
        return leg.reinvite();
      case 3:
        this.tell(`${name} UPDATEs`);
        return leg.update("sendrecv");
      case 4:
        this.tell(`${name} sends INFO`);
        return leg.info();
      default:
        return this.#transfer(leg);
    }
  }

  /** To the other side or to its own, in the place of another of its calls or of none. */
  #transfer(leg: PeerLeg): void {
    const { peer } = leg;
    const host = pick(this.#random, [peer.gatewayAddress, peer.addresses[0]!]);
    const others = [...peer.legs].filter((one) => one !== leg && one.state === "confirmed");
    const consulted = this.#chance(2) ? others[0] : undefined;
    const byeMs = this.#chance(3) ? this.#random.integer(500) : undefined;
    const how = [
      consulted ? "attended" : "unattended",
      ...(byeMs === undefined ? [] : [`hangs up after ${byeMs} ms`]),
    ].join(", ");
    this.tell(`${peer.name} transfers to ${host} (${how})`);
    leg.refer(`sip:4002@${host}`, consulted);
    if (byeMs !== undefined) this.#world.network.in(byeMs, () => leg.bye());
  }

  #chance(of: number): boolean {
    return this.#random.integer(of) === 0;
  }
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random.integer(list.length)]!;
