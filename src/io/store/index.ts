export { CallStore } from "./call-store.ts";
