import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const PER_S = 5000;
/** The kernel's own frames of work that packets bring, not asked for by the process it interrupts. */
const OF_PACKETS = /(__irq_exit_rcu|irq_exit_rcu|run_ksoftirqd)/;

/** Whether one core's time can be told apart, however busy others are there: by `perf`. */
export const canSample = (): boolean => spawnSync("perf", ["--version"]).status === 0;

/** Nothing that anybody waits for: it gives way to all other work. */
const FILLER = ["chrt", "--idle", "0", "sh", "-c", "while :; do :; done"] as const;

/**
 * The share of one core's time that went to a process, and to packets that came in (softirq), by
 * what it was found doing some thousand times a second. A core at rest isn't looked at, and what a
 * packet has it do meanwhile would be missed: it is given something to do.
 */
export class CoreSamples {
  readonly #file: string;
  readonly #pid: number;
  readonly #filler: ChildProcess;
  readonly #over: Promise<unknown>;

  constructor(core: number, pid: number, seconds: number, file: string, urgent: boolean) {
    this.#file = file;
    this.#pid = pid;
    this.#filler = spawn("taskset", ["-c", String(core), ...FILLER], { stdio: "ignore" });
    const first = urgent ? ["chrt", "-r", "1"] : ["env"];
    const what = ["-q", "-C", String(core), "-e", "cpu-clock", "-F", String(PER_S), "-g"];
    const rest = ["perf", "record", ...what, "-m", "1024", "-o", file, "sleep", String(seconds)];
    const child = spawn(first[0]!, [...first.slice(1), ...rest], { stdio: "ignore" });
    this.#over = once(child, "exit");
  }

  /** What isn't anybody's work, while it runs. */
  get filler(): number {
    return this.#filler.pid!;
  }

  async shares(): Promise<{ readonly process: number; readonly packets: number }> {
    await this.#over;
    this.#filler.kill("SIGKILL");
    const child = spawn("perf", ["script", "-i", this.#file, "-F", "pid,ip,sym"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const sums = { none: 0, process: 0, packets: 0 };
    let frames: string[] = [];
    let isOwn = false;
    for await (const line of createInterface({ input: child.stdout })) {
      // A sample: the process's id, one frame a line, the innermost first, an empty line.
      const pid = /^\s*(\d+)\s*$/.exec(line);
      if (pid) {
        isOwn = Number(pid[1]) === this.#pid;
        frames = [];
      } else if (line !== "") {
        frames.push(line);
      } else {
        sums[judge(frames, isOwn)]++;
      }
    }
    const all = sums.none + sums.process + sums.packets;
    return { process: sums.process / all, packets: sums.packets / all };
  }
}

/** Whom a sample belongs to: the process, packets that came in, or nobody here. */
function judge(frames: readonly string[], isOwn: boolean): "process" | "packets" | "none" {
  // The call for the other core, which is dear in a virtual machine, stands for a card's work.
  if (frames.some((frame) => frame.includes("net_rps_send_ipi"))) return "none";
  if (isOwn) return "process";
  const receiving = frames.findIndex((frame) => frame.includes("net_rx_action"));
  if (receiving < 0) return "none";
  const softirq = frames.findIndex(
    (frame, i) => i > receiving && frame.includes("handle_softirqs"),
  );
  return OF_PACKETS.test(frames[softirq + 1] ?? "") ? "packets" : "none";
}
