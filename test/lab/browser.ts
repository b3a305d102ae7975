import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BrowserPlan } from "./browser-phone.ts";
import type { Host } from "./host.ts";
import type { Program } from "./program.ts";
import type { Telephone } from "./telephone.ts";

const ROOT = join(import.meta.dirname, "../..");
const BYTES_PER_SECOND = 32_000;
const READY_MS = 30_000;

/** A headless Chromium that is a telephone of one call: it plays a tone and keeps what it hears. */
export class Browser implements Telephone {
  readonly program: Program;
  readonly #file: string;

  constructor(program: Program, file: string) {
    this.program = program;
    this.#file = file;
  }

  heard(): Buffer {
    return readFileSync(this.#file);
  }

  heardSeconds(): number {
    return statSync(this.#file).size / BYTES_PER_SECOND;
  }

  async stop(): Promise<void> {
    await this.program.stop("SIGTERM");
  }
}

export async function startBrowser(
  host: Host,
  plan: Omit<BrowserPlan, "folder">,
): Promise<Browser> {
  const folder = host.newFolder("browser");
  const script = join(import.meta.dirname, "browser-phone.ts");
  const program = host.start({
    name: "browser",
    folder,
    command: [join(ROOT, "bin/node"), script, JSON.stringify({ ...plan, folder })],
  });
  const browser = new Browser(program, join(folder, "heard.wav"));
  try {
    await program.line(/browser is ready/, READY_MS);
  } catch (error) {
    await browser.stop();
    throw error;
  }
  return browser;
}
