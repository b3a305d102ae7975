import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { command } from "./command.ts";
import type { Program } from "./program.ts";

const SEPARATOR = "\t";
const TAIL_BYTES = 65_536;

/** The last packet of a capture: what came before it has been written when it has. */
export const CAPTURE_MARK = "end of the capture";
export const CAPTURE_MARK_PORT = 9;

/** The packets of one interface, read with tshark once the capture has stopped. */
export class Capture {
  readonly path: string;
  readonly #program: Program;
  readonly #mark: () => void;

  constructor(program: Program, path: string, mark: () => void) {
    this.#program = program;
    this.path = path;
    this.#mark = mark;
  }

  /** Stops once every packet until now is in the file: dumpcap alone would drop the last ones. */
  async stop(): Promise<void> {
    this.#mark();
    await this.#program.reaches("wrote all packets", () =>
      tailOf(this.path).includes(CAPTURE_MARK),
    );
    await this.#program.stop("SIGINT");
    const lost = /dropped on interface[^:]*: *\d+\/(\d+)/.exec(this.#program.output)?.[1] ?? "0";
    if (lost !== "0") throw new Error(`${this.#program.name} lost ${lost} packets`);
  }

  /** One row a packet that passes the display filter, one value a field (joined by commas). */
  rows<Field extends string>(filter: string, ...fields: readonly Field[]): Record<Field, string>[] {
    const wanted = fields.flatMap((field) => ["-e", field]);
    const output = command(
      "tshark",
      ...[
        "-n",
        "-r",
        this.path,
        "-Y",
        `(${filter}) and not udp.port == ${CAPTURE_MARK_PORT}`,
        "-T",
        "fields",
        "-E",
        `separator=/t`,
      ],
      ...["-o", "tcp.desegment_tcp_streams:true", ...wanted],
    );
    return output
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const values = line.split(SEPARATOR);
        return Object.fromEntries(
          fields.map((field, index) => [field, values[index] ?? ""]),
        ) as Record<Field, string>;
      });
  }

  /** Every UDP and TCP payload as characters, one byte each. */
  payloads(filter = "udp or tcp"): string[] {
    return this.rows(filter, "udp.payload", "tcp.payload").map((row) =>
      Buffer.from((row["udp.payload"] || row["tcp.payload"]).replaceAll(":", ""), "hex").toString(
        "latin1",
      ),
    );
  }

  /** Who talked to whom: "source > target" once a pair, of IP packets that carry UDP or TCP. */
  pairs(filter = "udp or tcp"): Set<string> {
    // An ICMP error quotes the packet that it is about.
    const rows = this.rows(
      `(${filter}) and not icmp and not icmpv6`,
      "ip.src",
      "ip.dst",
      "ipv6.src",
      "ipv6.dst",
    );
    return new Set(
      rows.map(
        (row) => `${row["ip.src"] || row["ipv6.src"]} > ${row["ip.dst"] || row["ipv6.dst"]}`,
      ),
    );
  }
}

function tailOf(path: string): string {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, tail, 0, tail.length, size - tail.length);
    return tail.toString("latin1");
  } finally {
    closeSync(file);
  }
}
