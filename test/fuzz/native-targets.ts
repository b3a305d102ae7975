import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

// The fuzzers of native/fuzz: built by clang with the address and undefined-behaviour sanitizers,
// begun with packets of the RFCs.

const NATIVE = fileURLToPath(new URL("../../native", import.meta.url));
const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

export const TARGETS = ["stun", "rtp", "rtcp", "srtp", "dtls"] as const;
export type FuzzTarget = (typeof TARGETS)[number];

// What targets are made of: the parts that have no loop and no runtime.
const PARTS = [
  ...[
    "address",
    "bundle",
    "bundles",
    "dtls",
    "dtls_identity",
    "fingerprint",
    "frame",
    "ice_agent",
    "negotiator",
  ],
  ...["quality", "rtp", "rtp_extension", "secure_end", "source", "srtp_cipher", "srtp_keys"],
  ...["srtp_receiver", "srtp_sender", "stream", "stun", "udp_socket"],
];
const CLANG = "clang++";
const SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const COMPILE = [
  ...["-std=c++20", "-O1", "-g1", "-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-fno-rtti"],
  ...["-isystem", join(MODULES, `node-linux-${process.arch}/include/node`)],
  ...["-fsanitize=fuzzer-no-link", ...SANITIZERS],
];
const LIBRARIES = ["-l:libssl.so.3", "-l:libcrypto.so.3"];
// Whole packets of a call, and rows of a few of them.
const INPUT_BYTES_MAX = 8192;
const SLOWEST_INPUT_S = 5;
const MEMORY_MIB_MAX = 1024;

/** Why fuzzers can't be built here, or `false` when they can: a value for node:test's `skip`. */
export function missingClang(): string | false {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders.some((folder) => {
    try {
      accessSync(join(folder, CLANG), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return found ? false : `${CLANG} (clang, libclang-rt-dev) is not installed`;
}

/** Builds the targets in a folder, and their first inputs in its `inputs`. */
export async function buildTargets(folder: string, targets: readonly FuzzTarget[]): Promise<void> {
  const object = (source: string): string => join(folder, `${basename(source, ".cc")}.o`);
  const part = (name: string) => ({
    source: join(NATIVE, `src/${name}.cc`),
    to: join(folder, `src-${name}.o`),
  });
  const target = (name: string) => {
    const source = join(NATIVE, `fuzz/${name}.cc`);
    return { source, to: object(source) };
  };
  const parts = PARTS.map(part);
  const all = [...parts, ...[...targets, "seeds"].map(target)];
  await atOnce(all.map((one) => ["-c", ...COMPILE, "-o", one.to, one.source]));
  const objects = parts.map(({ to }) => to);
  const link = (name: string, sanitizer: string): string[] => [
    ...[sanitizer, ...SANITIZERS, "-o", join(folder, name)],
    ...[join(folder, `${name}.o`), ...objects, ...LIBRARIES],
  ];
  await atOnce([
    ...targets.map((name) => link(name, "-fsanitize=fuzzer")),
    link("seeds", "-fsanitize=address"),
  ]);
  const { status, stderr } = spawnSync(join(folder, "seeds"), [join(folder, "inputs")]);
  if (status !== 0) throw new Error(`no first inputs: ${stderr}`);
}

/** Runs clang with each of the arguments, as many at once as there are processors. */
async function atOnce(commands: readonly (readonly string[])[]): Promise<void> {
  const waiting = [...commands];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const clang = spawn(CLANG, next, { stdio: ["ignore", "ignore", "pipe"] });
      let said = "";
      clang.stderr.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
      const [status] = await once(clang, "close");
      if (status !== 0) throw new Error(`${CLANG} ${next.join(" ")}\n${said}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

/** Runs a target for so long; what broke it is kept in the folder, and told at the end of stderr. */
export function runTarget(
  folder: string,
  target: FuzzTarget,
  seconds: number,
): SpawnSyncReturns<string> {
  const found = join(folder, `found-${target}`);
  mkdirSync(found, { recursive: true });
  return spawnSync(
    join(folder, target),
    [
      ...[
        `-max_total_time=${seconds}`,
        `-max_len=${INPUT_BYTES_MAX}`,
        `-timeout=${SLOWEST_INPUT_S}`,
      ],
      ...[`-rss_limit_mb=${MEMORY_MIB_MAX}`, "-print_final_stats=1", "-verbosity=1"],
      ...[`-artifact_prefix=${join(folder, `${target}-`)}`, found, join(folder, "inputs", target)],
    ],
    { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
  );
}
