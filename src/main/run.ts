import { listenersOf, notRunnableYet, printError, type Settings } from "#settings";
import { SipSockets } from "#sip-sockets";
import { thisMachine } from "./machine.ts";
import { GatewayNode } from "./node.ts";
import { readSettings } from "./settings-file.ts";
import { tlsFileErrors, tlsFileWarnings } from "./tls-files.ts";
import { freeTrialPorts, runTrial, trialSettings } from "./trial/index.ts";

export interface RunChoice {
  /** The settings file; without it the gateway starts in trial mode. */
  readonly settings?: string;
  readonly data?: string;
}

/** Where what must survive is kept, beside the working directory. */
const DATA_DEFAULT = "data";

/** Two signals this close together are one Ctrl-C. */
const ECHO_MS = 500;

/** Runs the gateway until a signal ends it. Sets the exit code; never throws. */
export async function run({ settings: file, data = DATA_DEFAULT }: RunChoice): Promise<void> {
  const ports = file === undefined ? await freeTrialPorts() : undefined;
  const settings = ports ? trialSettings(ports) : await loadFirst(file!);
  if (!settings) {
    process.exitCode = 1;
    return;
  }
  const node = await start(settings, data);
  untilSignal(node, file);
  say(
    `ready: ${node.gateway.callCount} calls, media for ${node.plane.callsMax} calls by the limit of open files`,
  );
  if (ports) await runTrial(ports, say);
}

/** Reads the settings before anything runs; where they can't be used, tells of taken ports too. */
async function loadFirst(file: string): Promise<Settings | undefined> {
  const read = load(file);
  if (!read.isUsable && read.settings) {
    complain(await SipSockets.faults(listenersOf(read.settings)));
  }
  return read.isUsable ? read.settings : undefined;
}

type Loaded =
  | { readonly isUsable: true; readonly settings: Settings }
  | { readonly isUsable: false; readonly settings?: Settings };

/** Reads the settings, and says all that is wrong with them and with the files that they name. */
function load(file: string): Loaded {
  const read = readSettings(file, thisMachine(), (draft) => tlsFileErrors(draft));
  const { settings } = read;
  if (!settings) {
    for (const error of read.errors) console.error(printError(error));
    return { isUsable: false, ...withoutTheirFiles(file) };
  }
  const refused = notRunnableYet(settings);
  for (const error of refused) console.error(printError(error));
  if (refused.length > 0) return { isUsable: false, settings };
  const warnings = [...read.warnings, ...tlsFileWarnings(settings)];
  for (const { field, message } of warnings) say(`warning: ${field}: ${message.en}`);
  // One that has run out serves on: what comes by UDP and TCP needs none, and it may be renewed.
  for (const error of tlsFileErrors(settings, new Date())) say(`warning: ${printError(error)}`);
  return { isUsable: true, settings };
}

/** Settings whose files alone are at fault: what else is wrong with them is said too. */
function withoutTheirFiles(file: string): { readonly settings?: Settings } {
  const { settings } = readSettings(file, thisMachine());
  if (!settings) return {};
  for (const error of notRunnableYet(settings)) console.error(printError(error));
  return { settings };
}

function complain(faults: readonly unknown[]): void {
  for (const fault of faults) {
    console.error(`passerelle: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
}

/** Ends the program where the node can't start, whatever had been opened by then. */
async function start(settings: Settings, data: string): Promise<GatewayNode> {
  try {
    return await GatewayNode.start(settings, data, { log: say });
  } catch (error) {
    complain(error instanceof AggregateError ? error.errors : [error]);
    process.exit(1);
  }
}

/** SIGHUP reads the settings again; SIGINT and SIGTERM drain, a second one ends at once. */
function untilSignal(node: GatewayNode, file: string | undefined): void {
  let stoppingSince: number | undefined;
  const stop = async (): Promise<void> => {
    if (stoppingSince !== undefined) {
      // npm passes on the signal that the terminal has sent to us already: that is no second one.
      if (performance.now() - stoppingSince > ECHO_MS) endAtOnce(node);
      return;
    }
    stoppingSince = performance.now();
    await node.drain();
    await node.close();
    process.exit(0);
  };
  process.on("SIGINT", () => void stop());
  process.on("SIGTERM", () => void stop());
  process.on("SIGHUP", () => void reload(node, file));
}

/** Not without a word: that is for a gateway that died, whose calls are to go on. */
function endAtOnce(node: GatewayNode): never {
  node.plane.kill();
  process.exit(130);
}

async function reload(node: GatewayNode, file: string | undefined): Promise<void> {
  const read = file === undefined ? undefined : load(file);
  if (!read?.isUsable) return say("settings stay as they were");
  try {
    await node.apply(read.settings);
  } catch (error) {
    say(`settings stay as they were: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}
