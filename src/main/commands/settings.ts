import { Command } from "commander";
import { settingsPage } from "#settings";

export function settingsCommand(): Command {
  return new Command("settings")
    .description("Print what every setting means, its default and what is allowed (Markdown).")
    .action(() => {
      process.stdout.write(settingsPage());
    });
}
