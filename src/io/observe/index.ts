export { type LogLevel, levelOf, logLine } from "./log-line.ts";
