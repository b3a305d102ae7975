import { readFile, stat } from "node:fs/promises";
import { canonicalAddress, type Instant } from "#base";
import type { DnsServer } from "./dns-exchange.ts";

/** The addresses of each name, as the machine's own file has them. */
export type Hosts = ReadonlyMap<string, readonly string[]>;

const DNS_PORT = 53;
const SERVERS_MAX = 8;

/** `localhost` is known even where the file is silent (RFC 6761 §6.3). */
export function parseHosts(text: string): Hosts {
  const hosts = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [first = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    const address = canonicalAddress(first);
    if (address === undefined) continue;
    for (const name of names.map((each) => each.toLowerCase())) {
      const known = hosts.get(name) ?? [];
      if (!known.includes(address)) hosts.set(name, [...known, address]);
    }
  }
  if (!hosts.has("localhost")) hosts.set("localhost", ["127.0.0.1", "::1"]);
  return hosts;
}

/** The name servers of resolv.conf; without any, the one on this machine, as libc does. */
export function parseResolvConf(text: string): readonly DnsServer[] {
  const servers = text.split("\n").flatMap((line) => {
    const [, address] = /^\s*nameserver\s+(\S+)/.exec(line) ?? [];
    return address && canonicalAddress(address.replace(/%.*/, ""))
      ? [{ address, port: DNS_PORT }]
      : [];
  });
  return servers.length > 0
    ? servers.slice(0, SERVERS_MAX)
    : [{ address: "127.0.0.1", port: DNS_PORT }];
}

const LOOK_MS = 5_000;

/** A file that may change while we run: looked at now and then, read when it has changed. */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  #value: T;
  #modified = Number.NaN;
  #reading: Promise<void> | undefined;
  #lookAt = Number.NEGATIVE_INFINITY;

  constructor(path: string, parse: (text: string) => T) {
    this.#path = path;
    this.#parse = parse;
    this.#value = parse("");
  }

  async read(now: Instant): Promise<T> {
    if (now < this.#lookAt) return this.#value;
    // Whoever comes while it is read waits for it, lest the first ones find it empty.
    this.#reading ??= this.#look().finally(() => {
      this.#lookAt = now + LOOK_MS;
      this.#reading = undefined;
    });
    await this.#reading;
    return this.#value;
  }

  async #look(): Promise<void> {
    try {
      const { mtimeMs } = await stat(this.#path);
      if (mtimeMs !== this.#modified) this.#value = this.#parse(await readFile(this.#path, "utf8"));
      this.#modified = mtimeMs;
    } catch {
      // Without the file there is nothing in it; one that was there a moment ago is being replaced.
    }
  }
}
