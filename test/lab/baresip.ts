import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeCertificate } from "./certificate.ts";
import type { Host } from "./host.ts";
import type { Program } from "./program.ts";
import { bracketed } from "./sipp.ts";
import type { Telephone } from "./telephone.ts";
import { BYTES_PER_SECOND, makeTone } from "./tone-file.ts";

export interface BaresipPlan {
  readonly name: string;
  readonly host: Host;
  /** Not on loopback: baresip refuses that. */
  readonly address: string;
  readonly port: number;
  /** What it plays into every call. */
  readonly toneHz: number;
  readonly domain?: string;
  readonly register?: { readonly password: string };
  /** What it calls at once. */
  readonly dial?: string;
  readonly transport?: "udp" | "tcp" | "tls";
  /** Whether its calls have video: a test picture in VP8. */
  readonly video?: boolean;
  /** SRTP: its keys offered beside plain RTP, or alone; or made by DTLS. */
  readonly encryption?: "srtp" | "srtp-mand" | "dtls_srtp";
  /** RTP and RTCP on one port. */
  readonly mux?: boolean;
  /** Whether its pair is found by ICE. */
  readonly ice?: boolean;
}

/** A telephone that plays a tone and keeps what it hears. */
export class Baresip implements Telephone {
  readonly program: Program;
  readonly #folder: string;

  constructor(program: Program, folder: string) {
    this.program = program;
    this.#folder = folder;
  }

  heard(): Buffer {
    const [name] = this.#recordings();
    if (name === undefined) throw new Error(`${this.program.name} kept no audio`);
    return readFileSync(join(this.#folder, name));
  }

  heardSeconds(): number {
    const [name] = this.#recordings();
    return name === undefined ? 0 : statSync(join(this.#folder, name)).size / BYTES_PER_SECOND;
  }

  #recordings(): string[] {
    return readdirSync(this.#folder).filter((file) => file.endsWith("-dec.wav"));
  }

  async stop(): Promise<void> {
    await this.program.stop("SIGTERM");
  }
}

export async function startBaresip(plan: BaresipPlan): Promise<Baresip> {
  const { host } = plan;
  const folder = host.newFolder(`baresip-${plan.name}`);
  const relative = folder.slice(host.folder.length + 1);
  const tone = makeTone(folder, plan.toneHz);
  host.write(`${relative}/config`, configuration(plan, folder, tone));
  host.write(`${relative}/accounts`, `${account(plan)}\n`);
  host.write(`${relative}/contacts`, "");
  // It stops at a line end in this file.
  host.write(`${relative}/uuid`, "11111111-2222-4333-8444-555555555555");
  const dial = plan.dial === undefined ? [] : ["-e", `/dial ${plan.dial}`];
  const program = host.start({
    name: `baresip ${plan.name}`,
    folder,
    command: ["baresip", "-f", folder, ...dial],
    listening: true,
  });
  const phone = new Baresip(program, folder);
  try {
    await program.line(plan.register === undefined ? /baresip is ready/ : /\b200 OK\b/);
  } catch (error) {
    await phone.stop();
    throw error;
  }
  return phone;
}

function account(plan: BaresipPlan): string {
  const registration =
    plan.register === undefined ? "regint=0" : `regint=120;auth_pass=${plan.register.password}`;
  const transport = plan.transport === undefined ? "" : `;transport=${plan.transport}`;
  const encryption = plan.encryption === undefined ? "" : `;mediaenc=${plan.encryption}`;
  const nat = plan.ice === true ? ";medianat=ice" : "";
  const domain = bracketed(plan.domain ?? plan.address);
  return `<sip:${plan.name}@${domain}${transport}>;${registration};answermode=auto;audio_codecs=pcma${encryption}${nat}`;
}

/** It listens for TLS on the port after its own. */
function tlsConfiguration(folder: string): string {
  const { certificate, key } = makeCertificate(folder, "phone");
  const both = join(folder, "phone.pem");
  writeFileSync(both, readFileSync(certificate, "latin1") + readFileSync(key, "latin1"));
  return `sip_certificate ${both}\nsip_verify_server no`;
}

const videoModules = `
video_source fakevideo,nil
video_display fakevideo,nil
video_size 176x144
video_fps 10
video_bitrate 100000
module vp8.so
module fakevideo.so
`;

function modules({ encryption, ice }: BaresipPlan): string {
  const used = [
    ...(encryption?.startsWith("srtp") ? ["srtp"] : []),
    ...(encryption?.startsWith("dtls") ? ["dtls_srtp"] : []),
    ...(ice === true ? ["ice"] : []),
  ];
  return used.map((name) => `module ${name}.so\n`).join("");
}

const configuration = (plan: BaresipPlan, folder: string, tone: string): string => `
poll_method epoll
sip_listen ${bracketed(plan.address)}:${plan.port}
${plan.transport === "tls" ? tlsConfiguration(folder) : ""}
net_interface ${plan.address}
call_local_timeout 60
call_max_calls 4
audio_player aufile,${join(folder, "played.wav")}
audio_source aufile,${tone}
audio_alert aufile,${join(folder, "alert.wav")}
audio_level no
rtp_stats yes
rtcp_mux ${plan.mux === true ? "yes" : "no"}
snd_path ${folder}
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module sndfile.so
module stdio.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
${plan.video === true ? videoModules : ""}${modules(plan)}`;
