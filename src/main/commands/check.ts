import { existsSync } from "node:fs";
import { Command } from "commander";
import { KERNEL_OBJECT } from "#native";
import {
  capacityOf,
  notRunnableYet,
  printError,
  type Settings,
  type SettingWarning,
  type Text,
} from "#settings";
import { thisMachine } from "../machine.ts";
import { readSettings } from "../settings-file.ts";
import { tlsFileErrors, tlsFileWarnings } from "../tls-files.ts";
import { languageOption } from "./options.ts";

interface CheckOptions {
  readonly elsewhere?: boolean;
  readonly language: keyof Text;
}

export function checkCommand(): Command {
  return new Command("check")
    .description(
      "Validate a settings file: all errors at once, each with its field, its value and what is allowed, on standard error.",
    )
    .argument("<file>", "the settings file (YAML)")
    .option(
      "--elsewhere",
      "the file is for another machine: don't look for its addresses and certificates here",
    )
    .addOption(languageOption())
    .action((file: string, options: CheckOptions) => {
      process.exitCode = check(file, options);
    });
}

/** Returns the exit status. */
function check(file: string, { elsewhere = false, language }: CheckOptions): number {
  const result = elsewhere
    ? readSettings(file)
    : readSettings(file, thisMachine(), (draft) => tlsFileErrors(draft));
  const { settings, errors } = result;
  if (!settings) {
    console.error(errors.map((error) => printError(error, language)).join("\n"));
    return 1;
  }
  const warnings = elsewhere ? [] : fileWarnings(settings, language);
  console.log([...validLines(settings, result.warnings, language), ...warnings].join("\n"));
  return 0;
}

/** As `run` has it: what has run out serves on, and may be renewed meanwhile. */
function fileWarnings(settings: Settings, language: keyof Text): string[] {
  const errors = tlsFileErrors(settings, new Date()).map((error) => printError(error, language));
  const open = tlsFileWarnings(settings).map(
    ({ field, message }) => `${field}: ${message[language]}`,
  );
  return [...errors, ...open].map((line) => `${warningWord(language)} ${line}`);
}

const warningWord = (language: keyof Text): string =>
  language === "en" ? "warning:" : "attention :";

function validLines(
  settings: Settings,
  warnings: readonly SettingWarning[],
  language: keyof Text,
): string[] {
  const { ports, audioCalls, videoCalls } = capacityOf(settings);
  const capacity: Text = {
    en: `${ports} RTP ports: ${audioCalls} audio calls, or ${videoCalls} with video`,
    fr: `${ports} ports RTP : ${audioCalls} appels audio, ou ${videoCalls} avec vidéo`,
  };
  const valid = language === "en" ? "valid" : "valide";
  const warning = warningWord(language);
  const kernel = kernelWarning(settings);
  return [
    valid,
    capacity[language],
    ...notRunnableYet(settings).map((error) => `${warning} ${printError(error, language)}`),
    ...(kernel ? [`${warning} media.kernel: ${kernel[language]}`] : []),
    ...warnings.map(({ field, message }) => `${warning} ${field}: ${message[language]}`),
  ];
}

/** What `npm ci` has left out on this machine. */
function kernelWarning({ media }: Settings): Text | undefined {
  if (media.kernel === "off" || existsSync(KERNEL_OBJECT)) return undefined;
  return {
    en: "clang wasn't there when npm ci ran, so media goes by sockets",
    fr: "clang manquait lors de npm ci, les médias passent donc par des sockets",
  };
}
