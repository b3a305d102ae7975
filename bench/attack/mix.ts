import {
  type Aim,
  type Host,
  type LeftKind,
  leaveConnections,
  type Program,
  strangeAddress,
} from "../../test/lab/index.ts";
import {
  buildFlood,
  malformedTexts,
  sentBy,
  startUdpFlood,
  strangeRequest,
  type UdpFlood,
} from "./udp-flood.ts";

/** Addresses that the strangers' host needs. */
export const ATTACKERS = 200;

const METHODS = ["REGISTER", "OPTIONS", "INVITE"];
const LEFT: readonly (readonly [LeftKind, "sip" | "tls"])[] = [
  ["idle", "sip"],
  ["half-message", "sip"],
  ["slow-bytes", "sip"],
  ["invite-and-close", "sip"],
  ["idle-tls", "tls"],
  ["half-handshake", "tls"],
  ["invite-and-close-tls", "tls"],
];
const LEFT_STANDING = 60;
const LEFT_PER_SECOND = 20;
const MALFORMED_PER_SECOND = 300;

export interface MixPlan {
  readonly host: Host;
  readonly sip: Aim;
  readonly tls: Aim;
  readonly core: number;
  /** Datagrams of one source, most of them after it was denied; 0: as many as the core sends. */
  readonly deniedPerSecond: number;
  /** Requests of a hundred sources. */
  readonly spreadPerSecond: number;
}

export interface Mix {
  /** Ends all of it; what each has sent or opened. */
  stop(): Promise<Readonly<Record<string, number>>>;
}

/** Each attack by addresses of its own, all at once. */
export function startMix(plan: MixPlan): Mix {
  const { host, core } = plan;
  // The honest ends are on the same core, and their time must not depend on who else wants it: what
  // attacks has all that they leave (the idle class), which at these rates is nearly all of it.
  const under = ["chrt", "-i", "0", "taskset", "-c", String(core)];
  const addresses = addressesInTurn();
  const floods = startFloods(plan, under, addresses);
  const left = LEFT.map(([kind, aim]) => {
    const from = addresses(2);
    const rates = { standing: LEFT_STANDING, rate: LEFT_PER_SECOND };
    const program = leaveConnections(host, { ...plan[aim], kind, from, ...rates, under });
    return [kind, program] as const;
  });
  const scans = startScans(plan, under, addresses(1)[0]!);
  return {
    stop: async () => {
      const counts = [
        ...Object.entries(floods).map(([name, program]) => [name, sentBy(program)]),
        ...left.map(([kind, program]) => [`connections, ${kind}`, openedBy(program)]),
        ["scans by sipvicious", (scans.output.match(/^scanned$/gm) ?? []).length],
      ];
      const all = [...Object.values(floods), ...left.map(([, program]) => program), scans];
      await Promise.all(all.map((program) => program.stop("SIGKILL")));
      return Object.fromEntries(counts);
    },
  };
}

function startFloods(
  { host, sip, deniedPerSecond, spreadPerSecond }: MixPlan,
  under: readonly string[],
  addresses: (count: number) => string[],
): Readonly<Record<string, Program>> {
  const common = { ...sip, under, program: buildFlood(host.folder) };
  const flood = (name: string, rest: Pick<UdpFlood, "from" | "texts" | "perSecond">) =>
    startUdpFlood(host, { ...common, name, ...rest });
  const requests = METHODS.map((method) => strangeRequest(method, sip.address));
  return {
    // Denied after the first hundreds: from then on all that the gateway does is not to read it.
    "datagrams of one denied source": flood("denied", {
      from: addresses(1),
      perSecond: deniedPerSecond,
      texts: requests,
    }),
    "malformed datagrams": flood("malformed", {
      from: addresses(8),
      perSecond: MALFORMED_PER_SECOND,
      texts: malformedTexts(sip.address),
    }),
    "datagrams of many sources": flood("spread", {
      from: addresses(100),
      perSecond: spreadPerSecond,
      texts: requests,
    }),
  };
}

/** One tool after the other, again and again. */
function startScans({ host, sip }: MixPlan, under: readonly string[], from: string): Program {
  const { address } = sip;
  const bound = `-b ${from} --maximumtime 5`;
  const round = [
    `svwar ${bound} -e 100-999 --force -m INVITE ${address}`,
    `svwar ${bound} -e 100-999 --force -m REGISTER ${address}`,
    `svcrack ${bound} -u 100 -r 1000-9999 ${address}`,
    `svmap -b ${from} ${address}`,
  ].map((command) => `timeout -s KILL 15 ${command} >/dev/null 2>&1; echo scanned`);
  return host.start({
    name: "sipvicious",
    folder: host.newFolder("sipvicious"),
    command: [...under, "bash", "-c", `while :; do ${round.join("; ")}; done`],
  });
}

const openedBy = ({ output }: Program): number =>
  Number([...output.matchAll(/^opened (\d+)/gm)].at(-1)?.[1] ?? 0);

function addressesInTurn(): (count: number) => string[] {
  let next = 1;
  return (count) => Array.from({ length: count }, () => strangeAddress(next++));
}
