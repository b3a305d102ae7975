import { addressKind, canonicalAddress, parseAddress } from "#base";
import type { Draft } from "./draft.ts";
import { fieldName, MESSAGES } from "./errors.ts";
import { protocolsOfDraft } from "./mode-rules.ts";
import type { Rule, Scene } from "./rules.ts";
import { defaultPort, hasPlain, hasTls } from "./settings.ts";

/** Addresses, ports, and what goes with them. */
export const socketRules: readonly Rule[] = [
  localAddresses,
  rtpRange,
  pbxPorts,
  pbxTransport,
  separateSockets,
  certificatePair,
];

/** IP2 and IP3 must be addresses of this machine (§3.1). */
function localAddresses({ draft, machine, report }: Scene): void {
  if (!machine) return;
  const own = machine.addresses.map(canonicalAddress).filter((address) => address !== undefined);
  const list = own.filter(isBindable).join(", ");
  for (const field of ["publicLocal", "privateLocal"] as const) {
    const address = draft[field]?.address;
    if (address === undefined || own.includes(address)) continue;
    report(
      [field, "address"],
      MESSAGES.range,
      `an address of this machine: ${list}`,
      `une adresse de cette machine : ${list}`,
    );
  }
}

/** An IPv6 link-local address can't be bound without its zone. */
function isBindable(address: string): boolean {
  const bytes = parseAddress(address)!;
  return bytes.length === 4 || addressKind(bytes) !== "link-local";
}

/** §3.1: at least the 4 ports of one audio call. */
function rtpRange({ draft, written, report }: Scene): void {
  const { portMax } = draft.rtp ?? {};
  const portMin = draft.rtp?.portMin ?? evenAbove(written("rtp", "portMin"));
  if (portMin === undefined || portMax === undefined || portMax >= portMin + 3) return;
  report(["rtp", "portMax"], MESSAGES.range, `${portMin + 3}–65535`);
}

/** An odd first port is an error of its own, which must not hide the range's. */
function evenAbove(written: unknown): number | undefined {
  const port = Number(written);
  return port % 2 === 1 && port >= 1024 && port < 65_532 ? port + 1 : undefined;
}

function pbxPorts({ draft, report }: Scene): void {
  const { rtpPortMin, rtpPortMax } = draft.pbx ?? {};
  if (rtpPortMin === undefined || rtpPortMax === undefined || rtpPortMin < rtpPortMax) return;
  report(["pbx", "rtpPortMax"], MESSAGES.range, `${rtpPortMin + 1}–65535`);
}

function pbxTransport({ draft, report }: Scene): void {
  const protocols = protocolsOfDraft(draft, "private");
  const transport = draft.pbx?.transport;
  if (!protocols || !transport) return;
  if (transport === "tls" ? hasTls(protocols) : hasPlain(protocols)) return;
  const list = protocols === "tls" ? "tls" : "udp | tcp";
  report(
    ["pbx", "transport"],
    MESSAGES.conflict,
    `${list} (privateProtocols: ${protocols})`,
    `${list} (privateProtocols : ${protocols})`,
  );
}

interface Socket {
  readonly path: readonly string[];
  readonly address: string;
  readonly port: number;
  readonly over: "tcp" | "udp";
}

/** No two sockets on one address and port: TLS takes a TCP port too. */
function separateSockets(scene: Scene): void {
  const taken = new Map<string, string>();
  for (const socket of socketsOf(scene.draft)) {
    const key = `${socket.address} ${socket.over} ${socket.port}`;
    const other = taken.get(key);
    if (other === undefined) {
      taken.set(key, fieldName(socket.path));
      clearOfMediaAndPbx(scene, socket);
    } else {
      const { path } = socket;
      scene.report(
        path,
        MESSAGES.duplicate,
        `a port other than ${other}'s`,
        `un port autre que celui de ${other}`,
      );
    }
  }
}

function clearOfMediaAndPbx({ draft, report }: Scene, { path, address, port, over }: Socket): void {
  const { portMin = Number.NaN, portMax = Number.NaN } = draft.rtp ?? {};
  if (over === "udp" && port >= portMin && port <= portMax) {
    const range = `${portMin}–${portMax}`;
    report(
      path,
      MESSAGES.conflict,
      `a port outside the RTP range ${range}`,
      `un port hors de la plage RTP ${range}`,
    );
  }
  const pbx = pbxSocket(draft);
  if (over === "udp" || pbx?.host !== address || pbx.port !== port) return;
  report(
    path,
    MESSAGES.duplicate,
    `a port other than the PBX's ${pbx.port}`,
    `un port autre que le ${pbx.port} de l’iPbx`,
  );
}

/** Where the PBX is reached (IP4, else IP5), with the port that follows from its transport. */
function pbxSocket(draft: Draft): { host: string | undefined; port: number } | undefined {
  const protocols = protocolsOfDraft(draft, "private");
  if (!draft.pbx || !protocols) return undefined;
  const transport = draft.pbx.transport ?? (hasTls(protocols) ? "tls" : "udp");
  const { host, port } = (draft.privateNat ? draft.pbxReached : undefined) ?? draft.pbx;
  return { host, port: port ?? defaultPort(transport) };
}

function* socketsOf(draft: Draft): Generator<Socket> {
  for (const side of ["public", "private"] as const) {
    const { address, tlsPort, plainPort } = draft[`${side}Local`] ?? {};
    const protocols = protocolsOfDraft(draft, side);
    if (address === undefined || protocols === undefined) continue;
    if (hasTls(protocols) && tlsPort !== undefined) {
      yield { path: [`${side}Local`, "tlsPort"], address, port: tlsPort, over: "tcp" };
    }
    if (!hasPlain(protocols) || plainPort === undefined) continue;
    yield { path: [`${side}Local`, "plainPort"], address, port: plainPort, over: "tcp" };
    // The UDP twin only where TCP didn't clash already: one error a field is enough.
    yield { path: [`${side}Local`, "plainPort"], address, port: plainPort, over: "udp" };
  }
}

function certificatePair({ draft, report }: Scene): void {
  const { certificateFile, keyFile } = draft.tls ?? {};
  if ((certificateFile === undefined) === (keyFile === undefined)) return;
  report(
    ["tls", certificateFile === undefined ? "certificateFile" : "keyFile"],
    MESSAGES.missing,
    "both certificateFile and keyFile, or neither",
    "certificateFile et keyFile, ou aucun des deux",
  );
}
