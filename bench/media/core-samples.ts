import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const PER_S = 5000;
/** The kernel's own frames of work that packets bring, not asked for by the process it interrupts. */
const OF_PACKETS = /(__irq_exit_rcu|irq_exit_rcu|run_ksoftirqd)/;

/** Whether one core's time can be told apart, however busy others are there: by `perf`. */
export const canSample = (): boolean => spawnSync("perf", ["--version"]).status === 0;

/**
 * The share of one core's time that went to a process, and to packets that came in (softirq), by
 * what it was found doing some thousand times a second.
 */
export class CoreSamples {
  readonly #file: string;
  readonly #pid: number;
  readonly #over: Promise<unknown>;

  constructor(core: number, pid: number, seconds: number, file: string) {
    this.#file = file;
    this.#pid = pid;
    const when = ["-q", "-C", String(core), "-e", "cpu-clock", "-F", String(PER_S), "-g"];
    const child = spawn("perf", ["record", ...when, "-o", file, "--", "sleep", String(seconds)], {
      stdio: "ignore",
    });
    this.#over = once(child, "exit");
  }

  async shares(): Promise<{ readonly process: number; readonly packets: number }> {
    await this.#over;
    const child = spawn("perf", ["script", "-i", this.#file, "-F", "pid,ip,sym"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let all = 0;
    let ofProcess = 0;
    let ofPackets = 0;
    let isOwn = false;
    let isInSoftirq = false;
    let isCounted = false;
    for await (const line of createInterface({ input: child.stdout })) {
      // A sample: the process's id, then one frame a line, the innermost first.
      const pid = /^\s*(\d+)\s*$/.exec(line);
      if (pid) {
        all++;
        isOwn = Number(pid[1]) === this.#pid;
        isInSoftirq = isCounted = false;
        if (isOwn) ofProcess++;
      } else if (line.includes("handle_softirqs")) {
        isInSoftirq = true;
      } else if (isInSoftirq && !isOwn && !isCounted) {
        // The frame that called for it.
        isCounted = OF_PACKETS.test(line);
        if (isCounted) ofPackets++;
        else isInSoftirq = false;
      }
    }
    return { process: ofProcess / all, packets: ofPackets / all };
  }
}
