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

program
  .helpCommand("help [command]", "Tell more of a command.")
  .addHelpText(
    "after",
    "\nErrors go to standard error, one a line. Status 1: what was asked is wrong; 2: not understood.",
  );
refuseUnknownHelp();

try {
  await program.parseAsync();
} catch (thrown) {
  if (!(thrown instanceof CommanderError)) throw thrown;
  process.exitCode = thrown.exitCode === 0 ? 0 : USAGE;
}

/** The library would print the whole help, and not say why. */
function refuseUnknownHelp(): void {
  const [first, name] = process.argv.slice(2);
  const names = program.commands.map((command) => command.name());
  if (first !== "help" || name === undefined || names.includes(name)) return;
  console.error(`error: unknown command '${name}'\n(--help tells more)`);
  process.exit(USAGE);
}
