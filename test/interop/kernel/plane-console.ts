import { createInterface } from "node:readline";
import { Secret } from "#base";
import type { MediaCommand } from "#media";
import { startPlaneProcess } from "#media-plane";

// A media plane in the network namespace of this process: `plane-console.ts ADDRESS…`, our addresses
// whose packets the kernel may relay. Each line of standard input is a command in JSON, or
// "counters", which is answered by one line.

/** Keys are no secret of these tests. */
const revive = (name: string, value: unknown): unknown =>
  name === "keySalt" ? new Secret(value as string) : value;

const plane = await startPlaneProcess({ kernelAddresses: process.argv.slice(2) });
plane.onEvent((event) => {
  if (event.kind === "restarted") console.log(`restarted as ${plane.pid}`);
  if (event.kind === "silent") console.log("silent");
});
createInterface({ input: process.stdin })
  .on("line", async (line) => {
    if (line === "counters") console.log(`counters ${JSON.stringify(await plane.counters())}`);
    else plane.perform(JSON.parse(line, revive) as MediaCommand);
  })
  .on("close", () => plane.close());
console.log(
  `plane ${plane.pid}, kernel: ${plane.kernelFault || "on"}, AF_XDP: ${plane.xdpFault || "on"}`,
);
