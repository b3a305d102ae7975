import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, tryCommand } from "./command.ts";
import { Host } from "./host.ts";
import { removeLeftovers, removeNamespace, runMark } from "./leftovers.ts";

/** One end of a cable: the interface's name on that host and its addresses ("192.0.2.1/24"). */
export interface Plug {
  readonly host: Host;
  readonly port: string;
  readonly addresses: readonly string[];
}

const open = new Set<Lab>();

/** Some hosts (network namespaces) and the cables between them, for one test file. */
export class Lab {
  readonly folder: string;
  readonly #hosts: Host[] = [];
  readonly #keep = process.env.PASSERELLE_LAB_KEEP === "1";

  constructor() {
    watchForTheEnd();
    if (open.size === 0) removeLeftovers();
    this.folder = mkdtempSync(join(tmpdir(), runMark));
    open.add(this);
  }

  host(name: string): Host {
    const folder = join(this.folder, name);
    mkdirSync(folder);
    const host = new Host(name, `${this.folder.slice(tmpdir().length + 1)}-${name}`, folder);
    // The first two namespaces of a machine, made at once by two runs, race for their mount point.
    tryCommand("ip", "netns", "add", host.namespace) ??
      command("ip", "netns", "add", host.namespace);
    this.#hosts.push(host);
    host.ip("link", "set", "lo", "up");
    return host;
  }

  /** Resolves when both ends are up: until then programs don't see the interface. */
  async cable(one: Plug, other: Plug): Promise<void> {
    const peer = ["type", "veth", "peer", "name", other.port, "netns", other.host.namespace];
    one.host.ip("link", "add", one.port, ...peer);
    for (const plug of [one, other]) {
      for (const address of plug.addresses) plug.host.address(plug.port, address);
      plug.host.ip("link", "set", plug.port, "up");
    }
    for (const plug of [one, other]) await plug.host.isUp(plug.port);
  }

  async close(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.stopAll()));
    this.closeAtOnce();
  }

  /** Leaves nothing running and nothing behind, without waiting for anyone. */
  closeAtOnce(): void {
    open.delete(this);
    for (const host of this.#hosts.splice(0)) removeNamespace(host.namespace);
    if (!this.#keep) rmSync(this.folder, { recursive: true, force: true });
  }
}

let watching = false;

function watchForTheEnd(): void {
  if (watching) return;
  watching = true;
  process.once("exit", closeAll);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      closeAll();
      process.kill(process.pid, signal);
    });
  }
}

function closeAll(): void {
  for (const lab of open) lab.closeAtOnce();
}
