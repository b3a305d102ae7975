export {
  DEFAULT_LIMITS,
  ListenError,
  type Listener,
  type Refusal,
  type SocketConfiguration,
  type SocketEvents,
  type SocketLimits,
  type TlsSettings,
} from "./configuration.ts";
export { type Framed, Framing, type FramingFault, type FramingLimits } from "./framing.ts";
export { SipSockets } from "./sip-sockets.ts";
