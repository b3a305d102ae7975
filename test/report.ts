import type { TestEvent } from "node:test/reporters";

/** What a run came to, and the lines that say so. */
export interface Report {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly lines: readonly string[];
}

type Verdict = Extract<TestEvent, { type: "test:pass" | "test:fail" }>;

/**
 * Turns the events of node's test runner into a compact report: failures in full, what was
 * skipped and why, and the plain line of totals. With `skipFails` a skipped test counts as failed.
 */
export class Tally {
  readonly #skipFails: boolean;
  readonly #skips: string[] = [];
  readonly #failures: string[] = [];
  #passed = 0;

  constructor(skipFails: boolean) {
    this.#skipFails = skipFails;
  }

  /** Returns a line to show at once, if the event deserves one. */
  take(event: TestEvent): string | undefined {
    if (event.type === "test:stderr") return event.data.message.trimEnd();
    if (event.type === "test:fail") return this.#fail(event);
    if (event.type === "test:pass") this.#pass(event);
    return undefined;
  }

  report(): Report {
    const { length: skipped } = this.#skips;
    const failed = this.#failures.length + (this.#skipFails ? skipped : 0);
    const lines: string[] = [];
    if (skipped > 0) lines.push("Skipped:", ...this.#skips.map((text) => `  ${text}`));
    if (this.#skipFails && skipped > 0)
      lines.push("Every skip above is a failure: PASSERELLE_PEERS=required.");
    if (this.#failures.length > 0)
      lines.push("Failed:", ...this.#failures.map((text) => `  ${text}`));
    if (skipped > 0 && !this.#skipFails) lines.push(`${skipped} skipped, as named above`);
    lines.push(`${this.#passed} passed, ${failed} failed`);
    return { passed: this.#passed, failed, skipped, lines };
  }

  #pass({ data }: Verdict): void {
    const unmet = data.skip ?? data.todo;
    // A suite that is skipped has run none of its tests: it counts, where one that ran does not.
    if (unmet !== undefined && unmet !== false) {
      this.#skips.push(`${nameOf(data)}: ${unmet === true ? "no reason given" : unmet}`);
    } else if (data.details.type !== "suite") this.#passed++;
  }

  #fail({ data }: Verdict): string | undefined {
    const error = (data.details as { error?: Failure }).error;
    // A parent fails with its children: they have been counted and shown.
    if (error?.failureType === "subtestsFailed") return undefined;
    const name = nameOf(data);
    this.#failures.push(name);
    return `FAILED ${name}\n${indent(textOf(error))}`;
  }
}

interface Failure {
  readonly failureType?: string;
  readonly cause?: unknown;
  readonly message?: string;
}

const nameOf = (data: { name: string; file?: string | undefined }): string => {
  const file = data.file?.replace(`${process.cwd()}/`, "");
  return file === undefined || data.name === data.file ? data.name : `${file}: ${data.name}`;
};

const textOf = (error: Failure | undefined): string => {
  const cause = error?.cause ?? error;
  if (cause instanceof Error) return cause.stack ?? cause.message;
  return String(error?.message ?? cause ?? "no reason given");
};

const indent = (text: string): string => text.replace(/^/gm, "    ");
