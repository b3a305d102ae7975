import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { isIpv6, Sampler, type Secret } from "#base";
import { defaultIdentity, readIdentity } from "#certificates";
import type { Fact } from "#facts";
import { KernelMirror, type MirrorPlace } from "#firewall";
import { Gateway } from "#gateway";
import { Loop, monotonicNow, secureRandom, systemHash } from "#io";
import type { PlaneProcess } from "#media-plane";
import { levelOf, logLine, RepeatedLines } from "#observe";
import type { NameQuery, Target } from "#port";
import { Resolver } from "#resolver";
import type { Denied } from "#security";
import { checksName, describeChanges, listenersOf, type Settings, whatChanged } from "#settings";
import type { Flow, Side } from "#sip";
import { type Refusal, SipSockets, type SocketConfiguration, type TlsSettings } from "#sip-sockets";
import type { CallStore, DeniedStore, RememberedStore } from "#store";
import { prepareDataDirectory } from "./data-directory.ts";
import { keptInstance } from "./instance.ts";
import { findSurvivors, NOTHING_WRITTEN, type Survivors } from "./survivors.ts";

/** How often the certificates are looked at: files may have changed, our own may be near its end. */
const RENEWAL_MS = 86_400_000;

/** How often the log sums up the lines that it left out. */
const SUMS_MS = 60_000;

/** Refused connections that are told of a minute. */
const REFUSALS_TOLD = 10;
const REFUSALS_SPAN_MS = 60_000;

/** What a running node tells its owner. */
export interface NodeEvents {
  readonly log: (line: string) => void;
  readonly fact?: (fact: Fact) => void;
}

/** One node: gateway, sockets, resolver and media plane, joined by the loop. */
export class GatewayNode {
  readonly plane: PlaneProcess;
  readonly #store: CallStore | undefined;
  readonly #denied: DeniedStore;
  readonly #remembered: RememberedStore;
  readonly #mirror: KernelMirror;
  readonly gateway: Gateway;
  readonly #loop: Loop;
  readonly #events: NodeEvents;
  readonly #dataDirectory: string;
  #sockets: SipSockets | undefined;
  readonly #resolver: Resolver;
  readonly #renewal: NodeJS.Timeout;
  readonly #repeated = new RepeatedLines();
  readonly #sums: NodeJS.Timeout;
  readonly #refusals = new Sampler(REFUSALS_TOLD, REFUSALS_SPAN_MS);
  #settings: Settings;
  /** The certificate that the public side shows. */
  #certificate: string | undefined;
  /** One change at a time, so that the newest settings are the last to be applied. */
  #change: Promise<void> = Promise.resolve();
  #drained: (() => void) | undefined;

  private constructor(
    settings: Settings,
    dataDirectory: string,
    { plane, store, denied, remembered, instance }: Survivors & { readonly instance: string },
    events: NodeEvents,
  ) {
    this.#settings = settings;
    this.#dataDirectory = dataDirectory;
    this.#events = events;
    this.plane = plane;
    this.#store = store;
    this.#denied = denied;
    this.#remembered = remembered;
    this.#resolver = new Resolver({ random: secureRandom(), ...resolverOptions(settings) });
    const { fingerprint, fingerprint384 } = plane;
    this.gateway = new Gateway(
      {
        settings,
        random: secureRandom(),
        hash: systemHash,
        fingerprint,
        fingerprint384,
        instance,
      },
      monotonicNow(),
    );
    this.#mirror = new KernelMirror({
      log: events.log,
      now: monotonicNow,
      lines: () => deniedBy(this.gateway),
    });
    this.#loop = new Loop(this.gateway, {
      send: ({ to, text, branch }) => this.#sockets?.send(to, text, branch),
      closeFlow: ({ flow, why }) => this.#sockets?.closeFlow(flow, why),
      closeDenied: ({ why }) => this.#sockets?.closeDenied(why, this.#passes),
      mute: ({ sources }) => this.#sockets?.mute(sources),
      trust: ({ sources }) => this.#sockets?.keepRoomFor(sources),
      ping: ({ flow }) => this.#sockets?.ping(flow),
      resolve: ({ query, name }) => void this.#resolve(query, name),
      media: ({ command }) => plane.perform(command),
      fact: ({ fact }) => this.#fact(fact),
      keep: ({ call }) => store?.keep(call),
      forget: ({ callId }) => store?.forget(callId),
      keepDenied: (effect) => {
        denied.keep(effect.denied);
        this.#mirror.deny(effect.denied);
      },
      forgetDenied: ({ list, id }) => {
        denied.forget(list, id);
        this.#mirror.forgive(list, id);
      },
      remember: ({ record }) => remembered.remember(record),
      fault: (error, input) => events.log(`fault on ${input.kind}: ${stackOf(error)}`),
    });
    plane.onEvent((event) => this.#loop.run({ kind: "media", event }));
    this.#renewal = setInterval(() => void this.#renew(), RENEWAL_MS).unref();
    this.#sums = setInterval(() => this.#sumUp(), SUMS_MS).unref();
  }

  /** Throws a ListenError (several: an AggregateError) or a CertificateError; nothing is left running then. */
  static async start(
    settings: Settings,
    dataDirectory: string,
    events: NodeEvents,
  ): Promise<GatewayNode> {
    await prepareDataDirectory(dataDirectory, events.log);
    const configuration = await socketConfiguration(settings, dataDirectory);
    const instance = await keptInstance(dataDirectory);
    const survivors = await findSurvivors(settings, dataDirectory, events.log);
    const node = new GatewayNode(settings, dataDirectory, { ...survivors, instance }, events);
    try {
      // Before anybody can ask for one of their dialogs.
      node.#resume();
      const ofPeers = { ...configuration, isPeer: node.#isPeer };
      node.#sockets = await SipSockets.open(ofPeers, node.#socketEvents());
    } catch (error) {
      node.#stopClocks();
      await node.#leave();
      throw error;
    }
    node.#certificate = configuration.tls?.public?.certificate;
    node.#sockets.keepRoomFor(node.gateway.trusted);
    const place = mirrorPlace(settings, dataDirectory);
    if (place) await node.#mirror.place(place);
    else void node.#mirror.sweep(mirrorTable(dataDirectory));
    node.#loop.run({ kind: "wake" });
    return node;
  }

  /** Goes on with the calls of a process that ended without a word. */
  #resume(): void {
    const { entries } = this.#denied;
    if (entries.length > 0) this.#loop.run({ kind: "denied", entries });
    const { records } = this.#remembered;
    if (records.length > 0) this.#loop.run({ kind: "remembered", records });
    const streams = new Set(this.plane.found);
    const { calls, unreadable } = this.#store ?? NOTHING_WRITTEN;
    if (streams.size + calls.length + unreadable === 0) return;
    if (unreadable > 0) this.#events.log(`${unreadable} calls can't be read and end`);
    for (const call of calls) this.#loop.run({ kind: "resume", call, streams });
    this.#loop.run({ kind: "resumed", streams });
  }

  /** What can't start leaves the calls that it found to the next process. */
  async #leave(): Promise<void> {
    this.#loop.close();
    if (this.plane.found.length > 0) this.plane.leave();
    else await this.plane.close();
    await this.#store?.close();
    await this.#denied.close();
    await this.#remembered.close();
  }

  readonly #passes = (side: Side, address: string, port: number): boolean =>
    this.gateway.wouldPass(side, address, port).passes;

  /** For whom the sockets keep places. */
  readonly #isPeer = (side: Side, address: string): boolean => this.gateway.serves(side, address);

  /** Applies other settings whole, or throws and changes nothing; calls go on. */
  apply(settings: Settings): Promise<void> {
    return this.#inTurn(() => this.#apply(settings));
  }

  async #apply(settings: Settings): Promise<void> {
    const before = this.#settings;
    const changes = describeChanges(whatChanged(before, settings));
    await this.#configureSockets(settings);
    this.#resolver.configure(resolverOptions(settings));
    this.#settings = settings;
    this.plane.outlive(settings.media.outliveS);
    this.#loop.run({ kind: "order", order: { kind: "apply", settings } });
    const place = mirrorPlace(settings, this.#dataDirectory);
    const placeBefore = mirrorPlace(before, this.#dataDirectory);
    if (!isDeepStrictEqual(place, placeBefore)) await this.#mirror.place(place);
    this.#fact({ kind: "settings-applied", changes });
  }

  /** Refuses new calls, waits for the running ones as long as the settings say, then ends them. */
  async drain(): Promise<void> {
    const order = (calls: "wait" | "end") =>
      this.#loop.run({ kind: "order", order: { kind: "drain", calls } });
    order("wait");
    if (this.gateway.callCount > 0) {
      const timeout = setTimeout(() => order("end"), this.#settings.calls.drainTimeoutS * 1000);
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
      clearTimeout(timeout);
    }
    this.#fact({ kind: "drained", calls: 0 });
  }

  async close(): Promise<void> {
    this.#stopClocks();
    this.#sumUp();
    await this.#change;
    this.#loop.close();
    await this.#mirror.close();
    this.#resolver.close();
    await this.#sockets?.close();
    await this.plane.close();
    await this.#store?.close();
    await this.#denied.close();
    await this.#remembered.close();
  }

  /** Serves the certificates as they are now; what fails leaves those that serve. */
  async #renew(): Promise<void> {
    const before = this.#certificate;
    try {
      await this.#inTurn(() => this.#configureSockets(this.#settings));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return this.#events.log(`certificates stay as they were: ${why}`);
    }
    if (this.#certificate !== before) this.#events.log("a new certificate is in service");
  }

  async #configureSockets(settings: Settings): Promise<void> {
    const configuration = await socketConfiguration(settings, this.#dataDirectory);
    await this.#sockets!.apply({ ...configuration, isPeer: this.#isPeer });
    this.#certificate = configuration.tls?.public?.certificate;
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.#change.then(change);
    this.#change = done.catch(() => undefined);
    return done;
  }

  #socketEvents() {
    const loop = this.#loop;
    return {
      admits: (side: Side, address: string, port: number) => loop.admits(side, address, port),
      received: (flow: Flow, text: string) => loop.run({ kind: "received", flow, text }),
      closed: (flow: Flow, why: string) => loop.run({ kind: "flow-closed", flow, why }),
      sendFailed: (to: Parameters<SocketFailed>[0], branch: string | undefined, why: string) =>
        loop.run({ kind: "send-failed", to, why, ...(branch === undefined ? {} : { branch }) }),
      pong: (flow: Flow) => loop.run({ kind: "pong", flow }),
      stun: (flow: Flow, text: string) => loop.run({ kind: "stun", flow, text }),
      refused: (refusal: Refusal) => this.#refused(refusal),
      warning: (text: string) => this.#events.log(text),
    };
  }

  async #resolve(id: string, name: NameQuery): Promise<void> {
    const families = [this.#familyOf(name.side)] as const;
    const located = await this.#resolver.resolve({ ...name, families });
    const targets = checksName(this.#settings, name.side, name.host)
      ? located.targets
      : located.targets.map(unchecked);
    this.#loop.run({ kind: "resolved", query: id, targets });
  }

  #familyOf(side: Side): 4 | 6 {
    const { publicLocal, privateLocal } = this.#settings;
    return isIpv6((side === "public" ? publicLocal : privateLocal).address) ? 6 : 4;
  }

  /** Anybody can connect: the log tells of some, and of how many more there were. */
  #refused({ side, transport, address, why }: Refusal): void {
    const untold = this.#refusals.take(monotonicNow());
    if (untold === undefined) return;
    const more = untold === 0 ? "" : `, and ${untold} more before`;
    const from = address === "" ? "" : ` from ${address}`;
    this.#events.log(`connection${from} (${side}, ${transport}) refused: ${why}${more}`);
  }

  #stopClocks(): void {
    clearInterval(this.#renewal);
    clearInterval(this.#sums);
  }

  #sumUp(): void {
    for (const line of this.#repeated.sums()) this.#events.log(line);
  }

  #fact(fact: Fact): void {
    this.#events.fact?.(fact);
    if (isLogged(fact, this.#settings) && this.#repeated.tells(fact)) {
      this.#events.log(logLine(fact, this.#settings.log.showPrivateData));
    }
    if (fact.kind === "call-ended" && this.gateway.callCount <= 1) {
      setImmediate(() => {
        if (this.gateway.callCount === 0) this.#drained?.();
      });
    }
  }
}

/** Its table of nftables: the same after a restart, and no other gateway's on this machine. */
const mirrorTable = (dataDirectory: string): string =>
  `passerelle_${createHash("sha256").update(resolve(dataDirectory)).digest("hex").slice(0, 8)}`;

const mirrorPlace = (settings: Settings, dataDirectory: string): MirrorPlace | undefined =>
  settings.security.kernelMirror
    ? { table: mirrorTable(dataDirectory), listeners: listenersOf(settings) }
    : undefined;

function* deniedBy(gateway: Gateway): Generator<Denied> {
  yield* gateway.denied("dos");
  yield* gateway.denied("brute-force");
}

/** Without a name to bear, a certificate isn't looked at. */
const unchecked = ({ serverName: _, ...target }: Target): Target => target;

type SocketFailed = Parameters<typeof SipSockets.open>[1]["sendFailed"];

const LEVELS = ["error", "warn", "info", "debug"] as const;

const isLogged = (fact: Fact, settings: Settings): boolean =>
  LEVELS.indexOf(levelOf(fact)) <= LEVELS.indexOf(settings.log.level);

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

function resolverOptions({ dns }: Settings) {
  const { servers, timeoutMs, attempts, cacheMax } = dns;
  const own = servers.length === 0 ? {} : { servers };
  return { ...own, timeoutMs, attempts, cacheMax };
}

async function socketConfiguration(
  settings: Settings,
  dataDirectory: string,
): Promise<SocketConfiguration> {
  const { limits } = settings.sip;
  const tls = await tlsOf(settings, dataDirectory);
  return {
    listeners: listenersOf(settings),
    tls: {
      public: tls,
      private: { ...tls, verify: settings.pbx.verifyCertificate ? "name" : "none" },
    },
    limits: { ...settings.sip.connections, messageBytesMax: limits.messageBytesMax },
  };
}

async function tlsOf(settings: Settings, dataDirectory: string): Promise<TlsSettings> {
  const { certificateFile, keyFile, authoritiesFile, minVersion } = settings.tls;
  const identity: { certificate: string; key: Secret<string> } =
    certificateFile === undefined || keyFile === undefined
      ? await defaultIdentity(dataDirectory, { now: new Date() })
      : readIdentity(await readFile(certificateFile, "utf8"), await readFile(keyFile, "utf8"));
  const { certificate, key } = identity;
  const ca = authoritiesFile === undefined ? {} : { ca: await readFile(authoritiesFile, "utf8") };
  return { certificate, key, minVersion: `TLSv${minVersion}`, ...ca };
}
