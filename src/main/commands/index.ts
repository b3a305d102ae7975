export { checkCommand } from "./check.ts";
export { firewallCommand } from "./firewall.ts";
export { presetCommand } from "./preset.ts";
export { runCommand } from "./run.ts";
export { settingsCommand } from "./settings.ts";
export { versionCommand } from "./version.ts";
