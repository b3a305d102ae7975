import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { command, Lab, missing } from "./index.ts";

// The lab leaves nothing behind, however it ends: a namespace forgotten on a developer's machine
// holds its programs and addresses until the next start.

const PATIENCE_MS = 5_000;
const INDEX = join(import.meta.dirname, "index.ts");

// Opens a lab with a program in it, says where, and stays.
const SCRIPT = `
  import { Lab } from ${JSON.stringify(INDEX)};
  const lab = new Lab();
  const host = lab.host("host");
  const program = host.start({ name: "sleep", command: ["sleep", "600"] });
  console.log([lab.folder, host.namespace, program.pid].join(" "));
  setInterval(() => {}, 1_000);
`;

interface Traces {
  readonly folder: string;
  readonly namespace: string;
  readonly pid: number;
}

describe("the lab", { skip: missing() }, () => {
  test("closing ends every program and removes hosts and files", async () => {
    const lab = new Lab();
    const host = lab.host("host");
    const { pid } = host.start({ name: "sleep", command: ["sleep", "600"] });
    const traces = { folder: lab.folder, namespace: host.namespace, pid };
    assert.deepEqual(remains(traces), { folder: true, namespace: true, process: true });
    await lab.close();
    await assertGone(traces);
  });

  test("a program has ended though a child of its has its output open", async () => {
    const lab = new Lab();
    const script = "sleep 600 & echo ready; wait";
    const program = lab.host("host").start({ name: "bash", command: ["bash", "-c", script] });
    await program.line(/ready/);
    assert.deepEqual(await program.stop("SIGTERM", 100), { code: null, signal: "SIGTERM" });
    await lab.close();
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${signal} leaves nothing behind`, async () => {
      const { child, traces } = await otherRun();
      child.kill(signal);
      const ended = await end(child);
      assert.equal(ended, signal);
      await assertGone(traces);
    });
  }

  test("what a killed run left is removed by the next, and what a live run has is not", async () => {
    const killed = await otherRun();
    const live = await otherRun();
    killed.child.kill("SIGKILL");
    await end(killed.child);
    assert.deepEqual(remains(killed.traces), { folder: true, namespace: true, process: true });
    await new Lab().close();
    await assertGone(killed.traces);
    assert.deepEqual(remains(live.traces), { folder: true, namespace: true, process: true });
    live.child.kill("SIGTERM");
    await end(live.child);
  });

  test("a program that ends early is reported with what it printed", async () => {
    const lab = new Lab();
    try {
      const host = lab.host("host");
      const program = host.start({
        name: "complainer",
        command: ["sh", "-c", "echo no way; exit 3"],
      });
      await assert.rejects(program.line(/ready/), /complainer on host ended before .*no way/s);
      await assert.rejects(program.succeeds(), /ended with 3/);
    } finally {
      await lab.close();
    }
  });
});

async function otherRun(): Promise<{
  child: ChildProcessByStdio<null, Readable, null>;
  traces: Traces;
}> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", SCRIPT], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  for await (const text of child.stdout.setEncoding("latin1")) {
    printed += String(text);
    if (printed.includes("\n")) break;
  }
  const [folder = "", namespace = "", pid = ""] = printed.trim().split(" ");
  return { child, traces: { folder, namespace, pid: Number(pid) } };
}

function end(child: ChildProcessByStdio<null, Readable, null>): Promise<NodeJS.Signals | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.signalCode);
    else child.once("exit", (_code, signal) => resolve(signal));
  });
}

/** A killed process is gone when the kernel has come round to it. */
async function assertGone(traces: Traces): Promise<void> {
  const limit = performance.now() + PATIENCE_MS;
  while (isRunning(traces.pid) && performance.now() < limit) await setImmediate();
  assert.deepEqual(remains(traces), { folder: false, namespace: false, process: false });
}

function remains({ folder, namespace, pid }: Traces) {
  return {
    folder: existsSync(folder),
    namespace: command("ip", "netns", "list").includes(namespace),
    process: isRunning(pid),
  };
}

/** A zombie has ended: its parent only hasn't looked yet. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(command("cat", `/proc/${pid}/status`));
  } catch {
    return false;
  }
}
