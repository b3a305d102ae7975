import { seededRandom } from "#base";
import { type Settings, validateSettings } from "#settings";
import { parseMessageText } from "#sip-message";
import { GatewayHost } from "./gateway-host.ts";
import { FAIR, Network, type Packet, type Weather } from "./network.ts";
import type { PeerLeg } from "./peer-leg.ts";
import { mediaTargets } from "./peer-sdp.ts";
import { SipPeer } from "./sip-peer.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly weather?: Weather;
  /** Settings beyond the plain ones of this site. */
  readonly settings?: object;
  /** Fields of the one trunk, beyond its two peers. */
  readonly trunk?: object;
  /** What all peers speak; UDP without it. */
  readonly transport?: "udp" | "tcp";
  /** The topology mask; on without it. */
  readonly masked?: boolean;
}

const PUBLIC = "192.0.2.1";
const PRIVATE = "10.77.0.1";

/** The settings of such a site. */
export function siteSettings(options: Omit<WorldOptions, "seed">): Settings {
  const { settings, trunk, transport = "udp", masked = true } = options;
  const valid = validateSettings({
    securedInterface: "no",
    publicLocal: { address: PUBLIC },
    privateLocal: { address: PRIVATE },
    topologyMask: masked ? "yes" : "no",
    pbx: { host: "10.77.0.2", transport, optionsIntervalS: 0 },
    trunks: [
      {
        name: "op",
        peers: [
          { host: "198.51.100.1", transport },
          { host: "198.51.100.2", transport, priority: 1 },
        ],
        optionsIntervalS: 0,
        ...trunk,
      },
    ],
    ...settings,
  });
  if (!valid.settings) throw new Error(JSON.stringify(valid.errors));
  return valid.settings;
}

/**
 * One site in virtual time: an operator with two peers on the public side, the gateway, and a PBX
 * and one of its phones' stand-in on the private side.
 */
export class World {
  readonly network: Network;
  readonly gateway: GatewayHost;
  readonly operator: SipPeer;
  /** The trunk's second peer, for failover. */
  readonly spare: SipPeer;
  readonly pbx: SipPeer;
  readonly packets: Packet[] = [];
  readonly #masked: boolean;
  readonly #vanished = new Set<SipPeer>();

  constructor(options: WorldOptions) {
    const { seed, weather = FAIR, transport = "udp", masked = true } = options;
    this.#masked = masked;
    const random = seededRandom(seed);
    this.network = new Network(random, weather);
    this.network.tap = (packet) => this.packets.push(packet);
    this.gateway = new GatewayHost(siteSettings(options), random, this.network.now);
    this.network.attach(this.gateway);
    const [outside, inside] = (["public", "private"] as const).map((side) =>
      this.gateway.endpoint(side, transport),
    );
    const peer = (name: string, address: string, gateway = outside!): SipPeer =>
      new SipPeer(this.network, { name, address, gateway, random, transport });
    this.operator = peer("operator", "198.51.100.1");
    this.spare = peer("spare", "198.51.100.2");
    this.pbx = peer("pbx", "10.77.0.2", inside!);
  }

  /** What of a leg's media, as it was told, does not lead to a stream that is open towards it. */
  mediaFaults(leg: PeerLeg): string[] {
    const { address, port } = leg.peer.media;
    const side = leg.peer === this.pbx ? "private" : "public";
    const own = this.gateway.endpoint(side).address;
    const ends = [...this.gateway.streams.values()]
      .flatMap(({ ends: { caller, callee } }) => [caller, callee])
      .filter(({ localAddress }) => localAddress === own);
    const asked = mediaTargets(leg.remoteSdp ?? "").filter((target) => target.port !== 0);
    return asked.flatMap((target, i) => {
      if (target.address !== own) {
        return [`${leg.peer.name} is told to send media to ${target.address}`];
      }
      const end = ends.find((candidate) => candidate.port === target.port);
      if (!end) return [`${leg.peer.name} is told port ${target.port}, where nothing is open`];
      const wanted = `${address}:${port + 2 * i}`;
      const used = `${end.remoteAddress}:${end.remotePort}`;
      return used === wanted ? [] : [`${leg.peer.name} wants media at ${wanted}, not ${used}`];
    });
  }

  /** The messages between the gateway and a peer, as "> INVITE" (towards us) and "< 200". */
  flow(peer: SipPeer): string[] {
    const [address] = peer.addresses;
    const own = this.packets.filter(
      ({ from, to }) => from.address === address || to.address === address,
    );
    return own.map(({ from, text }) => {
      const arrow = from.address === address ? ">" : "<";
      const [first = "", second = ""] = text.split(" ", 2);
      return `${arrow} ${first === "SIP/2.0" ? second : first}`;
    });
  }

  get peers(): readonly SipPeer[] {
    return [this.operator, this.spare, this.pbx];
  }

  /** Nothing reaches the peer any more: what becomes of its own legs is not the gateway's doing. */
  vanish(peer: SipPeer): void {
    this.network.unplug(peer);
    this.#vanished.add(peer);
  }

  /** Runs until all is quiet; returns what is broken by then. */
  settle(): string[] {
    const quiet = this.network.run();
    return [
      ...(quiet ? [] : ["the world never becomes quiet"]),
      ...this.#gatewayIsEmpty(),
      ...this.#callsAreRecorded(),
      ...this.#finalsAreOne(),
      ...this.#nothingLeaks(),
      ...this.peers.flatMap((peer) => [
        ...peer.complaints,
        ...(this.#vanished.has(peer) ? [] : legsLeft(peer)),
      ]),
    ];
  }

  /** Ports held = live streams, and none of either without calls. */
  #gatewayIsEmpty(): string[] {
    const { calls, ports, tags, transactions, queries } = this.gateway.gateway.sizes;
    const { size } = this.gateway.streams;
    const counts = {
      "calls left": calls,
      "ports held": ports,
      "streams open": size,
      "tags known": tags,
      "transactions left": transactions,
      "names in resolution": queries,
    };
    return Object.entries(counts).flatMap(([name, count]) =>
      count === 0 ? [] : [`${name}: ${count}`],
    );
  }

  /** Every call ends in exactly one record. */
  #callsAreRecorded(): string[] {
    const started: string[] = [];
    const ended: string[] = [];
    for (const fact of this.gateway.facts) {
      if (fact.kind === "call-started") started.push(fact.callId);
      else if (fact.kind === "call-ended") ended.push(fact.record.callId);
    }
    const twice = ended.filter((id, i) => ended.indexOf(id) !== i);
    const never = started.filter((id) => !ended.includes(id));
    return [
      ...twice.map((id) => `call ${id} ended twice`),
      ...never.map((id) => `call ${id} never ended`),
    ];
  }

  /** Every INVITE that the gateway got has one final answer of it, whatever was repeated. */
  #finalsAreOne(): string[] {
    const asked = new Set<string>();
    const answers = new Map<string, Set<number>>();
    for (const { from, to, text } of this.packets) {
      const message = parseMessageText(text);
      if (message.kind === "parse-failure" || message.cseq.method !== "INVITE") continue;
      const isGateway = this.gateway.addresses.includes(from.address);
      if (message.kind === "request" && message.method === "INVITE" && !isGateway) {
        asked.add(`${from.address} ${message.via.branch}`);
      } else if (message.kind === "response" && isGateway && message.status >= 200) {
        const key = `${to.address} ${message.via.branch}`;
        const statuses = answers.get(key) ?? new Set();
        answers.set(key, statuses.add(message.status));
      }
    }
    const many = [...answers].filter(([, statuses]) => statuses.size > 1);
    return [
      ...many.map(([key, statuses]) => `INVITE ${key} was answered ${[...statuses].join(" and ")}`),
      ...this.#unanswered(asked, answers),
    ];
  }

  /** The weather may have eaten every copy of an INVITE: those it let through were said 100 to. */
  #unanswered(asked: ReadonlySet<string>, answers: ReadonlyMap<string, unknown>): string[] {
    const heard = new Set<string>();
    for (const { from, to, text } of this.packets) {
      if (!this.gateway.addresses.includes(from.address) || !text.startsWith("SIP/2.0 100 "))
        continue;
      const message = parseMessageText(text);
      if (message.kind === "response") heard.add(`${to.address} ${message.via.branch}`);
    }
    return [...asked]
      .filter((key) => heard.has(key) && !answers.has(key))
      .map((key) => `INVITE ${key} has no final answer`);
  }

  /** With the mask on nothing of one side is seen on the other. */
  #nothingLeaks(): string[] {
    if (!this.#masked) return [];
    const secrets = {
      public: ["10.77.0.", "pbx-product", this.pbx.media.address],
      private: ["198.51.100.", "operator-product", "spare-product", PUBLIC],
    };
    const leaks = new Set<string>();
    for (const { from, text } of this.packets) {
      const side =
        from.address === PUBLIC ? "public" : from.address === PRIVATE ? "private" : undefined;
      if (side === undefined) continue;
      for (const secret of secrets[side]) {
        const line = text.split("\r\n").find((entry) => entry.includes(secret));
        if (line !== undefined) leaks.add(`on the ${side} side: ${line}`);
      }
    }
    return [...leaks];
  }
}

const legsLeft = (peer: SipPeer): string[] =>
  [...peer.legs]
    .filter((leg) => leg.state !== "ended")
    .map((leg) => `${peer.name} is left with a leg that is ${leg.state}: ${leg.log.join(", ")}`);
