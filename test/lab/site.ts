import {
  type GatewayLaunch,
  type GatewayPlan,
  gatewaySettings,
  PRIVATE_PORT,
  PUBLIC_PORT,
  type RunningGateway,
  startGateway,
} from "./gateway.ts";
import type { Host } from "./host.ts";
import { Lab } from "./lab.ts";
import { bracketed, type Sipp, type SippOptions, startSipp } from "./sipp.ts";

/** The addresses of one family. */
export interface Addresses {
  readonly operator: string;
  /** The operator's second peer. */
  readonly operatorSpare: string;
  readonly public: string;
  readonly private: string;
  readonly pbx: string;
  /** A telephone of the PBX. */
  readonly phone: string;
}

export const IPV4: Addresses = {
  operator: "198.51.100.2",
  operatorSpare: "198.51.100.3",
  public: "198.51.100.1",
  private: "10.20.0.1",
  pbx: "10.20.0.2",
  phone: "10.20.0.3",
};

export const IPV6: Addresses = {
  operator: "2001:db8:51::2",
  operatorSpare: "2001:db8:51::3",
  public: "2001:db8:51::1",
  private: "fd20::1",
  pbx: "fd20::2",
  phone: "fd20::3",
};

/** Interface names on the gateway's host. */
export const PUBLIC_CABLE = "public";
export const PRIVATE_CABLE = "private";

/** The interface of a stranger. */
export const STRANGE_CABLE = "net";
const STRANGE_NETWORK = "203.0.113";
/** The first of its addresses is the one that its programs take unless told. */
export const strangeAddress = (index: number): string => `${STRANGE_NETWORK}.${index + 2}`;

const LOG_CHARACTERS_MAX = 2_000;

export type Direction = "inbound" | "outbound";

/** How one side of a call is made. */
export interface EndPlan extends Partial<Omit<SippOptions, "host" | "address" | "port">> {
  readonly scenario: string;
  readonly port?: number;
  /** How long all its calls may take. */
  readonly patienceMs?: number;
  readonly address?: string;
}

/** Three hosts in a row: operator, gateway, PBX, with IPv4 and IPv6 on both cables. */
export class Site {
  readonly operator: Host;
  readonly gateway: Host;
  readonly pbx: Host;
  readonly #lab: Lab;
  #running: RunningGateway | undefined;

  private constructor(lab: Lab) {
    this.#lab = lab;
    this.operator = lab.host("operator");
    this.gateway = lab.host("gateway");
    this.pbx = lab.host("pbx");
  }

  static async open(): Promise<Site> {
    const site = new Site(new Lab());
    await site.#connect();
    site.#letPacketsGoRound();
    return site;
  }

  /** Where its files are; gone when it closes. */
  get folder(): string {
    return this.#lab.folder;
  }

  close(): Promise<void> {
    return this.#lab.close();
  }

  /** Starts the gateway with the operator's peer as trunk "operator" and the PBX on port 5060. */
  async startGateway(
    plan: Partial<GatewayPlan> = {},
    launch: GatewayLaunch = {},
  ): Promise<RunningGateway> {
    this.#running = await startGateway(
      this.gateway,
      gatewaySettings({
        publicAddress: IPV4.public,
        privateAddress: IPV4.private,
        pbx: { host: IPV4.pbx },
        trunks: [
          { name: "operator", peers: [{ host: IPV4.operator, port: 5060, transport: "udp" }] },
        ],
        ...plan,
      }),
      launch,
    );
    return this.#running;
  }

  /** A host somewhere in the internet, with many addresses that are no peer's: attacks come from it. */
  async stranger(addresses: number): Promise<Host> {
    const host = this.#lab.host("stranger");
    const own = Array.from({ length: addresses }, (_, index) => `${strangeAddress(index)}/24`);
    await this.#lab.cable(
      { host, port: STRANGE_CABLE, addresses: own },
      { host: this.gateway, port: "internet", addresses: [`${STRANGE_NETWORK}.1/24`] },
    );
    host.route("default", `${STRANGE_NETWORK}.1`);
    return host;
  }

  /**
   * Many calls: the called end stays until the calling one is done. Where an INVITE is repeated after
   * its call's end it counts as one more there, and at the last one it would leave too early.
   */
  async load(direction: Direction, from: EndPlan, to: EndPlan): Promise<Sipp> {
    const called = await this.#startCalled(direction, { ...to, calls: (to.calls ?? 1) * 10 });
    const calling = await this.#startCalling(direction, from);
    await this.#finish([calling.done(from.patienceMs)]);
    await called.program.stop();
    return calling;
  }

  /** SIPp at both ends of calls through the gateway; resolves when all went as both scenarios say. */
  async call(direction: Direction, from: EndPlan, to: EndPlan): Promise<{ from: Sipp; to: Sipp }> {
    const called = await this.#startCalled(direction, to);
    const calling = await this.#startCalling(direction, from);
    await this.#finish([calling.done(from.patienceMs), called.done(to.patienceMs)]);
    return { from: calling, to: called };
  }

  /** A call that the gateway itself must refuse, as the scenario says. */
  async refuse(direction: Direction, from: EndPlan): Promise<void> {
    const calling = await this.#startCalling(direction, from);
    await this.#finish([calling.done(from.patienceMs)]);
  }

  #startCalled(direction: Direction, to: EndPlan): Promise<Sipp> {
    const place =
      direction === "inbound"
        ? { host: this.pbx, address: IPV4.pbx }
        : { host: this.operator, address: IPV4.operator };
    return startSipp({ ...place, port: 5060, ...to });
  }

  #startCalling(direction: Direction, from: EndPlan): Promise<Sipp> {
    const place =
      direction === "inbound"
        ? { host: this.operator, address: IPV4.operator, to: `${IPV4.public}:${PUBLIC_PORT}` }
        : { host: this.pbx, address: IPV4.pbx, to: `${IPV4.private}:${PRIVATE_PORT}` };
    const target = `sip:+33123456789@${from.to ?? place.to}`;
    return startSipp({ ...place, port: 5060, target, ...from });
  }

  /** Waits for the ends, stops what still runs when one fails, and lets the gateway have its say. */
  async #finish(ends: readonly Promise<unknown>[]): Promise<void> {
    const failures = (await Promise.allSettled(ends)).filter((end) => end.status === "rejected");
    if (failures.length === 0) return;
    const log = this.#running?.program.output.slice(-LOG_CHARACTERS_MAX) ?? "";
    const reasons = failures.map(({ reason }) => String(reason)).join("\n");
    throw new Error(`${reasons}\nThe gateway's last words:\n${log}`);
  }

  async #connect(): Promise<void> {
    const outside = [IPV4.operator, IPV4.operatorSpare, IPV6.operator, IPV6.operatorSpare];
    // The first is what baresip's audio comes from, whatever address it says: it binds none.
    const inside = [IPV4.phone, IPV4.pbx, IPV6.phone, IPV6.pbx];
    await this.#lab.cable(
      { host: this.operator, port: "wan", addresses: masked(outside) },
      {
        host: this.gateway,
        port: PUBLIC_CABLE,
        addresses: masked([IPV4.public, IPV6.public]),
      },
    );
    await this.#lab.cable(
      {
        host: this.gateway,
        port: PRIVATE_CABLE,
        addresses: masked([IPV4.private, IPV6.private]),
      },
      { host: this.pbx, port: "lan", addresses: masked(inside) },
    );
  }

  /** Routes past the gateway exist, so that a packet which is told to take them is seen doing it. */
  #letPacketsGoRound(): void {
    this.gateway.forward();
    for (const addresses of [IPV4, IPV6]) {
      this.operator.route("default", addresses.public);
      this.pbx.route("default", addresses.private);
    }
  }
}

const masked = (addresses: readonly string[]): string[] =>
  addresses.map((address) => `${address}/${address.includes(":") ? 64 : 24}`);

export const entryOf = (address: string, port: number): string => `${bracketed(address)}:${port}`;
