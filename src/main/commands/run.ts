import { Command } from "commander";

interface RunOptions {
  readonly settings?: string;
  readonly data?: string;
}

export function runCommand(): Command {
  return new Command("run")
    .description(
      "Run the gateway. Without settings it starts in trial mode on loopback. SIGHUP reads the settings again.",
    )
    .option("--settings <file>", "the settings file (YAML)")
    .option(
      "--data <directory>",
      "where the gateway keeps its certificate (default: data, in the working directory)",
    )
    .action(async (options: RunOptions) => {
      // Loaded only here: the other commands need neither sockets nor the media plane.
      const { run } = await import("../run.ts");
      await run(options);
    });
}
