import type { Side, Transport } from "#sip";
import { hasPlain, hasTls, protocolsOf, type Settings } from "./settings.ts";

/** One SIP socket that the settings ask for. */
export interface Listener {
  readonly side: Side;
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
  readonly dscp: number;
}

/** All SIP sockets: public (IP2) first, TLS before UDP and TCP. */
export function listenersOf(settings: Settings): Listener[] {
  return [...listenersOfSide(settings, "public"), ...listenersOfSide(settings, "private")];
}

function listenersOfSide(settings: Settings, side: Side): Listener[] {
  const { address, tlsPort, plainPort } =
    side === "public" ? settings.publicLocal : settings.privateLocal;
  const protocols = protocolsOf(settings, side);
  const common = { side, address, dscp: settings.qos.signalling };
  const listeners: Listener[] = [];
  if (hasTls(protocols)) listeners.push({ ...common, transport: "tls", port: tlsPort });
  if (hasPlain(protocols)) {
    listeners.push({ ...common, transport: "udp", port: plainPort });
    listeners.push({ ...common, transport: "tcp", port: plainPort });
  }
  return listeners;
}

/**
 * What we say of ourselves on a side: IP1 and its port on the public side, IP3 on the private one.
 * It stands in Via, Contact and Record-Route.
 */
export function sentBy(
  settings: Settings,
  side: Side,
  transport: Transport,
): { host: string; port: number } {
  const { address, tlsPort, plainPort } =
    side === "public" ? settings.advertised : settings.privateLocal;
  return { host: address, port: transport === "tls" ? tlsPort : plainPort };
}
