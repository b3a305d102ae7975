import { makeCertificate } from "./certificate.ts";
import type { Host } from "./host.ts";
import type { Program } from "./program.ts";
import { bracketed } from "./sipp.ts";

/** SIPp speaks no TLS: socat wraps what it sends to this address and port. */
export async function startTlsClient(
  host: Host,
  from: { readonly address: string; readonly port: number },
  to: { readonly address: string; readonly port: number },
): Promise<Program> {
  const program = host.start({
    name: "socat (TLS client)",
    command: [
      "socat",
      `TCP-LISTEN:${from.port},${boundTo(from.address)},fork,reuseaddr`,
      `OPENSSL:${bracketed(to.address)}:${to.port},verify=0,${boundTo(from.address)}`,
    ],
  });
  await program.listens("tcp", from.port);
  return program;
}

/** The other way: socat unwraps what comes by TLS, and SIPp listens behind it on TCP. */
export async function startTlsServer(
  host: Host,
  at: { readonly address: string; readonly port: number },
  to: { readonly address: string; readonly port: number },
): Promise<Program> {
  const { certificate, key } = makeCertificate(host.folder, "operator");
  const program = host.start({
    name: "socat (TLS server)",
    command: [
      "socat",
      `OPENSSL-LISTEN:${at.port},${boundTo(at.address)},fork,reuseaddr,verify=0,cert=${certificate},key=${key}`,
      `TCP:${bracketed(to.address)}:${to.port}`,
    ],
  });
  await program.listens("tcp", at.port);
  return program;
}

/** socat takes IPv4 unless told. */
const boundTo = (address: string): string =>
  `bind=${bracketed(address)},pf=${address.includes(":") ? "ip6" : "ip4"}`;
