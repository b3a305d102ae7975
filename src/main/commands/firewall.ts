import { Command, Option } from "commander";
import {
  FIREWALL_FORMATS,
  type FirewallFormat,
  firewallMatrix,
  printError,
  printFirewall,
  type Text,
} from "#settings";
import { readSettings } from "../settings-file.ts";
import { languageOption } from "./options.ts";

interface FirewallOptions {
  readonly format: FirewallFormat;
  readonly language: keyof Text;
}

export function firewallCommand(): Command {
  return new Command("firewall")
    .description(
      "Print the ports that the firewalls around the gateway must let through, derived from a settings file.",
    )
    .argument("<file>", "the settings file (YAML)")
    .addOption(
      new Option("--format <format>", "a table to read, JSON, or nftables rules")
        .choices(FIREWALL_FORMATS)
        .default("table"),
    )
    .addOption(languageOption())
    .action((file: string, { format, language }: FirewallOptions) => {
      // The matrix is often wanted before the machine exists: its addresses are not looked for.
      const result = readSettings(file);
      if (result.settings) {
        process.stdout.write(printFirewall(firewallMatrix(result.settings), format));
      } else {
        console.error(result.errors.map((error) => printError(error, language)).join("\n"));
        process.exitCode = 1;
      }
    });
}
