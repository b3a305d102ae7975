import { Command, CommanderError } from "commander";
import {
  checkCommand,
  firewallCommand,
  presetCommand,
  runCommand,
  settingsCommand,
  versionCommand,
} from "./commands/index.ts";

/** The status of a command line that isn't understood; 1 is that of what it asked and found wrong. */
const USAGE = 2;

const program = new Command("passerelle")
  .description("A Session Border Controller: SIP trunks for an IP-PBX.")
  .showHelpAfterError("(--help tells more)")
  .exitOverride();

for (const command of [
  runCommand(),
  checkCommand(),
  presetCommand(),
  firewallCommand(),
  settingsCommand(),
  versionCommand(),
]) {
  program.addCommand(command.copyInheritedSettings(program).exitOverride());
}

try {
  await program.parseAsync();
} catch (thrown) {
  if (!(thrown instanceof CommanderError)) throw thrown;
  process.exitCode = thrown.exitCode === 0 ? 0 : USAGE;
}
