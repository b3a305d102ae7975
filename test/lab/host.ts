import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CAPTURE_MARK, CAPTURE_MARK_PORT, Capture } from "./capture.ts";
import { command } from "./command.ts";
import { type Launch, Program } from "./program.ts";

const LINK_PATIENCE_MS = 10_000;
const LINK_POLL_MS = 20;

/** Which packets (pcap-filter(7)), and how much of each. */
export interface CaptureFilter {
  readonly filter: string;
  readonly bytesMax: number;
}

/** What marks the end passes too. */
const filtering = (only: CaptureFilter | undefined): string[] =>
  only === undefined
    ? []
    : ["-s", String(only.bytesMax), "-f", `(${only.filter}) or udp port ${CAPTURE_MARK_PORT}`];

/** One network namespace with the programs and captures that run in it. */
export class Host {
  readonly name: string;
  readonly namespace: string;
  readonly folder: string;
  readonly #programs: Program[] = [];

  constructor(name: string, namespace: string, folder: string) {
    this.name = name;
    this.namespace = namespace;
    this.folder = folder;
  }

  ip(...args: readonly string[]): string {
    return command("ip", "-n", this.namespace, ...args);
  }

  /** Runs a program to its end; what it printed. */
  run(...program: readonly string[]): string {
    return command("ip", "netns", "exec", this.namespace, ...program);
  }

  sysctl(setting: string): void {
    this.run("sysctl", "-qw", setting);
  }

  /** Adds an address; an IPv6 one is usable at once (nobody else can have it). */
  address(port: string, address: string): void {
    const nodad = address.includes(":") ? ["nodad"] : [];
    this.ip("addr", "add", address, "dev", port, ...nodad);
  }

  route(destination: string, via: string): void {
    this.ip(via.includes(":") ? "-6" : "-4", "route", "add", destination, "via", via);
  }

  /** Resolves when the kernel counts the interface as running, a moment after both its ends are up. */
  async isUp(port: string): Promise<void> {
    const limit = performance.now() + LINK_PATIENCE_MS;
    while (!this.ip("-o", "link", "show", "dev", port).includes("state UP")) {
      if (performance.now() > limit) throw new Error(`${port} of ${this.name} never came up`);
      await new Promise((resolve) => setTimeout(resolve, LINK_POLL_MS));
    }
  }

  /** Lets the kernel forward: so a packet that wants to go round the gateway can, and is seen. */
  forward(): void {
    this.sysctl("net.ipv4.ip_forward=1");
    this.sysctl("net.ipv6.conf.all.forwarding=1");
  }

  /** A folder of its own for one program. */
  newFolder(name: string): string {
    return mkdtempSync(join(this.folder, `${name}-`));
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text, "latin1");
    return path;
  }

  start(launch: Omit<Launch, "namespace" | "folder"> & { readonly folder?: string }): Program {
    const folder = launch.folder ?? this.folder;
    const name = `${launch.name} on ${this.name}`;
    const program = new Program({ ...launch, name, namespace: this.namespace, folder });
    this.#programs.push(program);
    return program;
  }

  /** Captures every packet of one interface from now on, or the beginning of those that pass a filter. */
  async capture(port: string, only?: CaptureFilter): Promise<Capture> {
    const path = join(this.newFolder("capture"), `${port}.pcapng`);
    const program = this.start({
      name: `dumpcap of ${port}`,
      command: ["dumpcap", "-q", "-i", port, "-B", "32", "-w", path, ...filtering(only)],
    });
    // Printed when the file is open, which is after the interface is.
    await program.line(/^File: /m);
    return new Capture(program, path, () => this.#mark(port));
  }

  /** Sends a datagram that leaves by this interface and that nobody takes. */
  #mark(port: string): void {
    const [own = ""] = /\d+\.\d+\.\d+\./.exec(this.ip("-4", "addr", "show", "dev", port)) ?? [];
    const nobody = `${own}254`;
    this.ip("neigh", "replace", nobody, "lladdr", "02:00:00:00:00:fe", "dev", port);
    const script = `printf '${CAPTURE_MARK}' > /dev/udp/${nobody}/${CAPTURE_MARK_PORT}`;
    command("ip", "netns", "exec", this.namespace, "bash", "-c", script);
  }

  async stopAll(): Promise<void> {
    // The last one started leans on those before it.
    for (const program of this.#programs.splice(0).reverse()) await program.stop();
  }
}
