export { Gateway, type GatewayParts } from "./gateway.ts";
