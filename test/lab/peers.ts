import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

// The Debian package of each program that isn't named like it.
const PACKAGES: Readonly<Record<string, string>> = {
  sipp: "sip-tester",
  svmap: "sipvicious",
  svwar: "sipvicious",
  svcrack: "sipvicious",
  "kamailio/modules/outbound.so": "kamailio-outbound-modules",
  linphonec: "linphone-cli",
  dumpcap: "wireshark-common",
  rtpengine: "rtpengine-daemon",
  ip: "iproute2",
  ss: "iproute2",
  setpriv: "util-linux",
};

/**
 * Why a test that needs these programs can't run here, or `false` when it can: the value for
 * node:test's `skip`. The lab's own needs (root, namespaces) are always among them.
 */
export function missing(...programs: readonly string[]): string | false {
  if (process.getuid?.() !== 0) return "network namespaces need root";
  const absent = ["ip", ...programs].filter((program) => !isInstalled(program));
  if (absent.length === 0) return false;
  const names = absent.map((program) => `${program} (${PACKAGES[program] ?? program})`);
  return `${names.join(", ")} ${absent.length === 1 ? "is" : "are"} not installed`;
}

/** Kamailio loads it from a folder that depends on the machine's kind. */
export const OUTBOUND_MODULE = "kamailio/modules/outbound.so";

function isInstalled(program: string): boolean {
  if (program === OUTBOUND_MODULE) return hasLibrary(program);
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function hasLibrary(path: string): boolean {
  return readdirSync("/usr/lib").some((folder) => existsSync(join("/usr/lib", folder, path)));
}
