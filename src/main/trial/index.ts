export { runTrial, trialSettings } from "./trial.ts";
export { freeTrialPorts, type TrialPorts } from "./trial-ports.ts";
