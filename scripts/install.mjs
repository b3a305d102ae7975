// Builds the media plane (native/) against the pinned Node's own headers. Plain JavaScript, since
// it runs on whatever Node ran npm (20 or later).
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";

const ROOT = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "..");
const NATIVE = join(ROOT, "native");
const MODULES = join(ROOT, "node_modules");
const NODE = join(MODULES, `node-linux-${process.arch}`);
const ADDON = join(NATIVE, "build/Release/media_plane.node");
const STAMP = join(NATIVE, "build/.sources");
/** The kernel's programs, by name. */
const KERNEL_PARTS = ["relay.bpf", "steer.bpf"].map((name) => ({
  source: join(NATIVE, "kernel", `${name}.c`),
  object: join(NATIVE, "build/Release", `${name}.o`),
}));

const TOOLS = ["g++", "make", "python3"];

/** Ends the installation with one sentence. */
function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

function isInstalled(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Whatever the addon is made of: the same digest needs no other build. */
function digestOfSources() {
  const hash = createHash("sha256").update(process.arch);
  const sources = readdirSync(join(NATIVE, "src")).sort();
  const files = [
    join(NATIVE, "binding.gyp"),
    ...KERNEL_PARTS.map(({ source }) => source),
    ...sources.map((file) => join(NATIVE, "src", file)),
    join(NODE, "package.json"),
    join(MODULES, "node-addon-api/package.json"),
  ];
  for (const file of files)
    hash.update(file.slice(ROOT.length)).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}

/** Runs node-gyp with the pinned Node, as it wants 22 or later. */
function build() {
  const nodeGyp = join(MODULES, "node-gyp/bin/node-gyp.js");
  const args = [nodeGyp, "rebuild", "--directory", NATIVE, "--nodedir", NODE];
  const env = { ...process.env, JOBS: String(availableParallelism()) };
  return spawnSync(join(NODE, "bin/node"), args, { encoding: "utf8", env });
}

/** Builds one of the kernel's programs with clang, where that is: without it the sockets relay everything. */
function buildKernelPart({ source, object }) {
  if (!isInstalled("clang")) return "clang is not installed";
  const { stdout } = spawnSync("g++", ["-print-multiarch"], { encoding: "utf8" });
  const { status, stderr } = spawnSync(
    "clang",
    [
      ...["-target", "bpf", "-mcpu=v3", "-O2", "-ffreestanding", "-Wall", "-Wextra", "-Werror"],
      ...["-I", `/usr/include/${(stdout ?? "").trim()}`, "-c", source, "-o", object],
    ],
    { encoding: "utf8" },
  );
  return status === 0 ? undefined : (stderr ?? "clang failed");
}

if (!existsSync(NODE)) {
  refuse(
    `Passerelle runs on Linux x64 and arm64 only: there is no pinned Node for ${process.arch}.`,
  );
}
const digest = digestOfSources();
const built = existsSync(ADDON) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === digest;
if (!built) {
  if (!TOOLS.every(isInstalled)) {
    refuse(
      `Passerelle's media plane is compiled at installation: install the packages ${TOOLS.join(" ")} ` +
        `(on Debian: apt install ${TOOLS.join(" ")}) and run npm ci again.`,
    );
  }
  const started = Date.now();
  const { status, stdout, stderr } = build();
  if (status !== 0)
    refuse(
      `${stdout ?? ""}${stderr ?? ""}\nThe media plane could not be compiled; the compiler's output stands above.`,
    );
  writeFileSync(STAMP, digest);
  console.log(`media plane compiled in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
// clang may have come since the last installation.
if (!built || !KERNEL_PARTS.every(({ object }) => existsSync(object))) {
  const why = KERNEL_PARTS.map(buildKernelPart).find((reason) => reason !== undefined);
  if (why === undefined) console.log("the kernel's part of the media plane compiled");
  else console.log(`media will not go by the kernel (the sockets relay it): ${why}`);
}
