import { join, resolve as resolvePath } from "node:path";
import { type PlaneProcess, startPlaneProcess } from "#media-plane";
import type { Settings } from "#settings";
import { CallStore, DeniedStore, RememberedStore } from "#store";

async function startPlane(
  { media, publicLocal, privateLocal }: Settings,
  rendezvous: string,
  log: (line: string) => void,
): Promise<PlaneProcess> {
  const addresses = [...new Set([publicLocal.address, privateLocal.address])];
  const isOff = media.kernel === "off";
  const plane = await startPlaneProcess({
    kernelAddresses: isOff ? [] : addresses,
    ...(media.outliveS > 0 && { rendezvous, outliveS: media.outliveS }),
  });
  const { kernelFault, xdpFault } = plane;
  if (isOff) return plane;
  if (kernelFault === "") {
    if (xdpFault !== "") log(`media with keys goes by sockets, not by AF_XDP: ${xdpFault}`);
    return plane;
  }
  if (media.kernel === "auto") {
    log(`media goes by sockets, not by the kernel: ${kernelFault}`);
    return plane;
  }
  await plane.close();
  throw new Error(`media.kernel is required, but ${kernelFault}`);
}

/** Of a Unix socket (sun_path, unix(7)). */
const SOCKET_PATH_MAX = 107;

/** What may have outlived another process, or begins with this one. */
export interface Survivors {
  readonly plane: PlaneProcess;
  /** Absent: calls end with the process. */
  readonly store?: CallStore;
  readonly denied: DeniedStore;
  readonly remembered: RememberedStore;
}

export const NOTHING_WRITTEN = { calls: [], unreadable: 0 } as const;

export async function findSurvivors(
  settings: Settings,
  dataDirectory: string,
  log: (line: string) => void,
): Promise<Survivors> {
  const rendezvous = resolvePath(dataDirectory, "media-plane.sock");
  const outlives = settings.media.outliveS > 0;
  if (rendezvous.length > SOCKET_PATH_MAX && outlives) {
    log(`calls end with the process: the path ${rendezvous} is too long for a socket`);
  }
  // First: what is written down may be the calls of a gateway that lives.
  const plane = await startPlane(settings, rendezvous, log);
  try {
    const denied = DeniedStore.open(join(dataDirectory, "denied.sqlite"), log);
    const remembered = RememberedStore.open(join(dataDirectory, "remembered.sqlite"), log);
    if (!outlives) return { plane, denied, remembered };
    return {
      plane,
      denied,
      remembered,
      store: new CallStore(join(dataDirectory, "calls.sqlite"), log),
    };
  } catch (error) {
    plane.leave();
    throw error;
  }
}
