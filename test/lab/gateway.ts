import { join } from "node:path";
import type { Host } from "./host.ts";
import type { Program } from "./program.ts";

const ROOT = join(import.meta.dirname, "../..");
const READY_MS = 20_000;

/** The settings that a test cares for; the rest is as by default. */
export interface GatewayPlan {
  readonly publicAddress: string;
  readonly privateAddress: string;
  readonly pbx: { readonly host: string } & Fields;
  readonly trunks: readonly ({ readonly name: string } & Fields)[];
  /** Any other field of the settings file, and those above done differently. */
  readonly more?: Fields;
}

type Fields = Readonly<Record<string, unknown>>;

export const PUBLIC_PORT = 5060;
export const PRIVATE_PORT = 5062;
export const PUBLIC_TLS_PORT = 5063;
export const PRIVATE_TLS_PORT = 5064;

/**
 * A settings file: UDP and TCP on both sides. No health check by default, so that every message on
 * the wire belongs to the calls of the test.
 */
export function gatewaySettings(plan: GatewayPlan): Fields {
  return {
    mode: "standard",
    securedInterface: false,
    publicLocal: { address: plan.publicAddress, plainPort: PUBLIC_PORT },
    privateLocal: { address: plan.privateAddress, plainPort: PRIVATE_PORT },
    pbx: { port: 5060, transport: "udp", optionsIntervalS: 0, ...plan.pbx },
    trunks: plan.trunks.map((trunk) => ({ optionsIntervalS: 0, ...trunk })),
    log: { level: "debug", showPrivateData: true },
    ...plan.more,
  };
}

export interface RunningGateway {
  readonly program: Program;
  /** What SIGHUP makes it read again. */
  readonly settingsFile: string;
  readonly data: string;
}

export interface GatewayLaunch {
  readonly core?: number;
  /** Node's own flags, such as --cpu-prof. */
  readonly nodeOptions?: readonly string[];
  /** What runs it: `setpriv`… */
  readonly under?: readonly string[];
  /** Another one's data directory, to go on with. */
  readonly data?: string;
}

/** Starts the gateway and resolves when its sockets are open. */
export async function startGateway(
  host: Host,
  settings: Fields,
  launch: GatewayLaunch = {},
): Promise<RunningGateway> {
  const folder = host.newFolder("gateway");
  // JSON is YAML.
  const file = host.write(
    join(folder.slice(host.folder.length + 1), "settings.yaml"),
    JSON.stringify(settings, undefined, 2),
  );
  const data = launch.data ?? join(folder, "data");
  const program = host.start({
    name: "passerelle",
    folder,
    ...(launch.core === undefined ? {} : { core: launch.core }),
    command: [
      ...(launch.under ?? []),
      ...commandOf(launch.nodeOptions),
      ...["run", "--settings", file, "--data", data],
    ],
  });
  await program.line(/\bready\b/, READY_MS);
  return { program, settingsFile: file, data };
}

function commandOf(nodeOptions: readonly string[] = []): string[] {
  if (nodeOptions.length === 0) return [join(ROOT, "bin/passerelle")];
  const quiet = "--disable-warning=ExperimentalWarning";
  return [join(ROOT, "bin/node"), quiet, ...nodeOptions, join(ROOT, "src/main/main.ts")];
}
