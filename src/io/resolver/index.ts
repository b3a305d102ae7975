export type { DnsServer } from "./dns-exchange.ts";
export { Resolver, type ResolverOptions } from "./resolver.ts";
export type { DnsFailure, Located, LocateQuery } from "./rfc3263.ts";
