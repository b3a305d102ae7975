export { CallStore } from "./call-store.ts";
export { DeniedStore } from "./denied-store.ts";
