import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// Preloaded (`--import`) into a gateway that a bench starts, and into no other: at SIGUSR2 it
// collects all garbage and tells what is left of the heap, which resident memory doesn't show.

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

process.on("SIGUSR2", () => {
  collect();
  process.stderr.write(`heap after collection: ${process.memoryUsage().heapUsed} bytes\n`);
});
