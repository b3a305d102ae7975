export { CallStore } from "./call-store.ts";
export { DeniedStore } from "./denied-store.ts";
export { RememberedStore } from "./remembered-store.ts";
