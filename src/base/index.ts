export { AddressTable } from "./address-table.ts";
export { assert, BrokenInvariant, unreachable } from "./assert.ts";
export { BoundedMap } from "./bounded-map.ts";
export { ChurnMap } from "./churn-map.ts";
export { type Cidr, cidrContains, parseCidr, printCidr } from "./cidr.ts";
export type { Hash } from "./digest.ts";
export { after, type Instant, instant } from "./instant.ts";
export {
  type AddressBytes,
  type AddressKind,
  addressKind,
  canonicalAddress,
  hostPort,
  hostText,
  isAddress,
  isIpv6,
  parseAddress,
  printAddress,
} from "./ip-address.ts";
export { decodeUtf8, encodeUtf8, latin1Bytes, latin1Text, ownText, ownTexts } from "./latin1.ts";
export { type Random, seededRandom } from "./random.ts";
export { Sampler } from "./sampler.ts";
export { Secret } from "./secret.ts";
export { type Timer, Timers } from "./timers.ts";
