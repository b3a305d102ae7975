import { Secret } from "#base";
import { fieldName } from "./errors.ts";
import { type Listener, listenersOf } from "./listeners.ts";
import type { Settings, Trunk } from "./settings.ts";

/** What a new settings file changes. Calls in progress always stay, with the settings they began with. */
export interface Changes {
  /** Every field that differs, as "rtp.portMax" or "trunks[operator].peers[0].port". */
  readonly fields: readonly string[];
  readonly sockets: {
    readonly open: readonly Listener[];
    readonly close: readonly Listener[];
    readonly keep: readonly Listener[];
  };
  readonly trunks: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly string[];
    /** Those, among the changed, that must register again. */
    readonly register: readonly string[];
  };
  /** The pool takes a new port range: ports in use outside it are given back when their calls end. */
  readonly ports: boolean;
  /** Another certificate, key or authority file, or oldest version of TLS. */
  readonly tls: boolean;
}

export function whatChanged(before: Settings, now: Settings): Changes {
  const fields = [...differences(byName(before), byName(now), [])];
  const among = (prefix: string): boolean =>
    fields.some((field) => field === prefix || field.startsWith(`${prefix}.`));
  return {
    fields,
    sockets: socketChanges(listenersOf(before), listenersOf(now)),
    trunks: trunkChanges(before, now),
    ports: among("rtp.portMin") || among("rtp.portMax"),
    tls: among("tls"),
  };
}

/** One sentence a change, for the log and the fact `settings-applied`. */
export function describeChanges(changes: Changes): string[] {
  const { sockets, trunks } = changes;
  const socket = ({ side, transport, address, port }: Listener): string =>
    `${side} ${transport} ${address} port ${port}`;
  return [
    ...sockets.open.map((listener) => `opens ${socket(listener)}`),
    ...sockets.close.map((listener) => `closes ${socket(listener)}`),
    ...trunks.added.map((name) => `adds trunk ${name}`),
    ...trunks.removed.map((name) => `removes trunk ${name}`),
    ...trunks.changed.map(
      (name) =>
        `changes trunk ${name}${trunks.register.includes(name) ? " (registers again)" : ""}`,
    ),
    ...changes.fields
      .filter((field) => !field.startsWith("trunks"))
      .map((field) => `sets ${field}`),
  ];
}

/** Trunks are compared by name: a new one in front doesn't change those behind it. */
function byName(settings: Settings): Record<string, unknown> {
  const trunks = Object.fromEntries(settings.trunks.map((trunk) => [`[${trunk.name}]`, trunk]));
  return { ...settings, trunks };
}

function socketChanges(before: readonly Listener[], now: readonly Listener[]): Changes["sockets"] {
  // A socket's DSCP can be set anew while it is open: it doesn't tell two sockets apart.
  const key = ({ side, transport, address, port }: Listener): string =>
    `${side} ${transport} ${address} ${port}`;
  const [old, wanted] = [new Set(before.map(key)), new Set(now.map(key))];
  return {
    open: now.filter((listener) => !old.has(key(listener))),
    close: before.filter((listener) => !wanted.has(key(listener))),
    keep: now.filter((listener) => old.has(key(listener))),
  };
}

function trunkChanges(before: Settings, now: Settings): Changes["trunks"] {
  const old = new Map(before.trunks.map((trunk) => [trunk.name, trunk]));
  const wanted = new Set(now.trunks.map((trunk) => trunk.name));
  const kept = now.trunks.filter((trunk) => old.has(trunk.name));
  const differs = (trunk: Trunk, part: (trunk: Trunk) => unknown): boolean =>
    !differences(part(old.get(trunk.name)!), part(trunk), []).next().done;
  const names = (trunks: readonly Trunk[]): string[] => trunks.map((trunk) => trunk.name);
  return {
    added: names(now.trunks.filter((trunk) => !old.has(trunk.name))),
    removed: names(before.trunks.filter((trunk) => !wanted.has(trunk.name))),
    changed: names(kept.filter((trunk) => differs(trunk, (whole) => whole))),
    register: names(kept.filter((trunk) => trunk.register && differs(trunk, registering))),
  };
}

const registering = ({ register, credentials, peers, domain }: Trunk): unknown => ({
  register,
  credentials,
  peers,
  domain,
});

/** The paths at which two plain values differ. */
function* differences(
  before: unknown,
  now: unknown,
  path: readonly PropertyKey[],
): Generator<string> {
  const [one, other] = [plain(before), plain(now)];
  if (!isTree(one) || !isTree(other) || Array.isArray(one) !== Array.isArray(other)) {
    if (one !== other) yield nameOf(path);
    return;
  }
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    yield* differences(one[key], other[key], [...path, Array.isArray(one) ? Number(key) : key]);
  }
}

const isTree = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** Secrets are compared by what they hold; only the field's name leaves this file. */
const plain = (value: unknown): unknown => (value instanceof Secret ? value.reveal() : value);

const nameOf = (path: readonly PropertyKey[]): string => fieldName(path).replaceAll(".[", "[");
