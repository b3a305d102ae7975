import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { ARCHITECTURES, type Architecture, presetsOf } from "#settings";

interface PresetOptions {
  readonly element?: "wan" | "lan";
}

export function presetCommand(): Command {
  return new Command("preset")
    .description(
      "Print the settings of one of the five architectures. A daisy chain (4, 5) has one file for each element: without --element both are printed, parted by ---.",
    )
    .addArgument(new Argument("<architecture>", "1…5").argParser(architectureOf))
    .addOption(new Option("--element <element>", "of a daisy chain").choices(["wan", "lan"]))
    .action((architecture: Architecture, { element }: PresetOptions, command: Command) => {
      const presets = presetsOf(architecture).filter(
        (preset) => element === undefined || preset.element === element,
      );
      if (presets.length === 0)
        command.error(`error: architecture ${architecture} has one file: leave --element out`);
      process.stdout.write(presets.map(({ text }) => text).join("---\n"));
    });
}

function architectureOf(text: string): Architecture {
  const architecture = ARCHITECTURES.find((number) => String(number) === text);
  if (architecture === undefined) throw new InvalidArgumentError("Allowed: 1, 2, 3, 4, 5.");
  return architecture;
}
