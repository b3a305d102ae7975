import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Host } from "./host.ts";
import type { Program } from "./program.ts";
import { bracketed } from "./sipp.ts";
import type { Telephone } from "./telephone.ts";
import { BYTES_PER_SECOND, makeTone } from "./tone-file.ts";

export interface LinphonePlan {
  readonly name: string;
  readonly host: Host;
  readonly transport: "udp" | "tcp" | "tls";
  readonly port: number;
  /** Where RTP comes to. */
  readonly mediaPort: number;
  readonly toneHz: number;
  /** Voice by SRTP with keys in the description, and no other way. */
  readonly srtp?: boolean;
  /** Each offer of its has keys of its own; else those of the call stay. */
  readonly rekeys?: boolean;
  /** With whom it registers; it then reaches others through it. */
  readonly registrar?: {
    readonly address: string;
    readonly port: number;
    readonly password: string;
  };
}

/** linphonec, with a file for a microphone and another for a loudspeaker. */
export class Linphone implements Telephone {
  readonly program: Program;
  readonly #recording: string;

  readonly #log: string;

  constructor(program: Program, recording: string, log: string) {
    this.program = program;
    this.#recording = recording;
    this.#log = log;
  }

  /** One key of each of its offers, which have four; answers have one. */
  offeredKeys(): ReadonlySet<string> {
    const log = readFileSync(this.#log, "latin1");
    return new Set([...log.matchAll(/^a=crypto:4 \S+ inline:(\S+)/gm)].map((found) => found[1]!));
  }

  call(uri: string): void {
    this.program.type(`call ${uri}\n`);
  }

  /** Ends its call, and resolves when that is done. */
  async hangUp(): Promise<void> {
    this.program.type("terminate\n");
    await this.program.line(/Call \d+ with .* ended/);
  }

  heard(): Buffer {
    return readFileSync(this.#recording);
  }

  heardSeconds(): number {
    const { size = 0 } = statSync(this.#recording, { throwIfNoEntry: false }) ?? {};
    return size / BYTES_PER_SECOND;
  }

  async stop(): Promise<void> {
    await this.program.stop("SIGTERM");
  }
}

export async function startLinphone(plan: LinphonePlan): Promise<Linphone> {
  const { host } = plan;
  const folder = host.newFolder(`linphone-${plan.name}`);
  // Without this folder it has no database, and without that it opens no port.
  mkdirSync(join(folder, ".local/share/linphone"), { recursive: true });
  const tone = makeTone(folder, plan.toneHz);
  const recording = join(folder, "heard.wav");
  const file = join(folder, "linphonerc");
  host.write(file.slice(host.folder.length + 1), configuration(plan));
  const log = join(folder, "log");
  const program = host.start({
    name: `linphonec ${plan.name}`,
    folder,
    command: ["linphonec", "-c", file, "-a", "-d", "6", "-l", log],
    listening: true,
  });
  const phone = new Linphone(program, recording, log);
  try {
    await program.line(/linphonec>/);
    program.type(`soundcard use files\nplay ${tone}\nrecord ${recording}\n`);
    if (plan.registrar === undefined) {
      await program.listens(plan.transport === "udp" ? "udp" : "tcp", plan.port);
    } else {
      await program.reaches("registered", () => readFileSync(log, "latin1").includes(REGISTERED));
    }
  } catch (error) {
    await phone.stop();
    throw error;
  }
  return phone;
}

const REGISTERED = "to [LinphoneRegistrationOk]";

const configuration = (plan: LinphonePlan): string => `
[sip]
sip_port=${plan.transport === "udp" ? plan.port : 0}
sip_tcp_port=${plan.transport === "tcp" ? plan.port : 0}
sip_tls_port=${plan.transport === "tls" ? plan.port : 0}
verify_server_certs=0
verify_server_cn=0
guess_hostname=1
media_encryption=${plan.srtp ? "srtp" : "none"}
media_encryption_mandatory=${plan.srtp ? 1 : 0}
keep_srtp_keys=${plan.rekeys ? 0 : 1}
gruu_enabled=0
${account(plan)}
[rtp]
prefer_ipv6=0
audio_rtp_port=${plan.mediaPort}
[net]
firewall_policy=none
[sound]
echocancellation=0
`;

function account({ name, transport, registrar }: LinphonePlan): string {
  if (registrar === undefined) return "";
  const { port, password } = registrar;
  const address = bracketed(registrar.address);
  return `default_proxy=0
[auth_info_0]
username=${name}
passwd=${password}
realm=${address}
domain=${address}
[proxy_0]
reg_proxy=<sip:${address}:${port};transport=${transport}>
reg_route=<sip:${address}:${port};transport=${transport};lr>
reg_identity=sip:${name}@${address}
reg_expires=600
reg_sendregister=1
publish=0`;
}
