export { runTrial, trialSettings } from "./trial.ts";
