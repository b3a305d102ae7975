import { readFileSync } from "node:fs";
import { Command } from "commander";

export const programVersion = (): string => {
  const file = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { readonly version: string }).version;
};

export function versionCommand(): Command {
  return new Command("version").description("Print the version.").action(() => {
    console.log(`passerelle ${programVersion()} (Node ${process.versions.node})`);
  });
}
