import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Aim, Host, Program } from "../../test/lab/index.ts";

/** Compiles flood.cc; its path. */
export function buildFlood(folder: string): string {
  const program = join(folder, "flood");
  const source = join(import.meta.dirname, "flood.cc");
  const { status, stderr } = spawnSync("g++", ["-O2", "-std=c++20", "-o", program, source]);
  if (status !== 0) throw new Error(`flood.cc doesn't compile: ${stderr}`);
  return program;
}

export interface UdpFlood extends Aim {
  readonly name: string;
  readonly program: string;
  readonly from: readonly string[];
  /** Absent: as many as its core sends. */
  readonly perSecond?: number;
  /** Datagrams that take turns. */
  readonly texts: readonly string[];
  /** What runs it: `taskset`, `chrt`… */
  readonly under: readonly string[];
}

export function startUdpFlood(host: Host, plan: UdpFlood): Program {
  const { name, program, address, port, perSecond = 0, from, texts, under } = plan;
  const files = texts.map((text, index) => host.write(`${name}-${index}`, text));
  return host.start({
    name: `flood (${name})`,
    command: [
      ...[...under, program, address, String(port), String(perSecond), from.join(",")],
      ...files,
    ],
  });
}

/** How many datagrams have left by now. */
export const sentBy = ({ output }: Program): number =>
  Number(/sent (\d+)\s*$/.exec(output)?.[1] ?? 0);

/** A request as a stranger would write it. */
export function strangeRequest(method: string, target: string): string {
  return [
    `${method} sip:100@${target} SIP/2.0`,
    `Via: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bK-${method};rport`,
    `From: "100" <sip:100@${target}>;tag=${method}`,
    `To: <sip:100@${target}>`,
    `Call-ID: ${method}@203.0.113.9`,
    `CSeq: 1 ${method}`,
    "Contact: <sip:100@203.0.113.9:5060>",
    "Max-Forwards: 70",
    "User-Agent: a telephone",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

/** What is no message, or one that would break who believes what it says. */
export function malformedTexts(target: string): string[] {
  const request = strangeRequest("INVITE", target);
  return [
    request.replace("Content-Length: 0", "Content-Length: 99999999999999999999"),
    request.replace("CSeq: 1 ", "CSeq: 99999999999999999999 "),
    request.replace(/Via: [^\r]*/, `Via: SIP/2.0/UDP ${"a".repeat(4_000)}`),
    request.replace("From: ", "From : ").replace("To: ", `__proto__: ${"<".repeat(500)}\r\nTo: `),
    request.replace("Max-Forwards: 70", "Max-Forwards: 70\r\nAccept: */*".repeat(100)),
    "\0".repeat(1_000),
    `${request.slice(0, 120)}\xff\xfe\r\n\r\n`,
  ];
}
