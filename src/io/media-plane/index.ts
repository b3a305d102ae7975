export { FakePlane } from "./fake.ts";
export { type InProcessPlane, startInProcess } from "./in-process.ts";
export type { MediaListener, MediaPlane } from "./media-plane.ts";
export { type PlaneOptions, type PlaneProcess, startPlaneProcess } from "./plane-process.ts";
