import { Option } from "commander";

export const languageOption = (): Option =>
  new Option("--language <language>", "of the messages").choices(["en", "fr"]).default("en");
