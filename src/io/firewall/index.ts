export {
  KernelMirror,
  type MirrorOwner,
  type MirrorPlace,
  type MirrorState,
} from "./kernel-mirror.ts";
