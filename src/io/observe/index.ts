export { type LogLevel, levelOf, logLine } from "./log-line.ts";
export { RepeatedLines } from "./repeated-lines.ts";
