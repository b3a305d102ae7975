import type { Flow } from "../stage/flow.ts";
import { DIALOG_FLOWS } from "./dialog.ts";
import { EARLY_FLOWS } from "./early.ts";
import { MASK_FLOWS } from "./mask.ts";
import { OUTSIDE_FLOWS } from "./outside.ts";
import { PERFORMED_FLOWS } from "./performed.ts";
import { ATTENDED_FLOWS } from "./performed-attended.ts";
import { FAILED_FLOWS } from "./performed-failed.ts";
import { IDENTITY_FLOWS } from "./performed-identity.ts";
import { OFFER_FLOWS } from "./performed-offers.ts";
import { RULE_FLOWS } from "./performed-rules.ts";
import { PICKUP_FLOWS } from "./pickup.ts";
import { RACE_FLOWS } from "./races.ts";
import { REGISTRATION_FLOWS } from "./registration.ts";
import { RENEGOTIATION_FLOWS } from "./renegotiation.ts";
import { RFC3665_FLOWS } from "./rfc3665.ts";
import { SERVICE_FLOWS } from "./services.ts";
import { SESSION_TIMER_FLOWS } from "./session-timer.ts";
import { TAKEOVER_FLOWS } from "./takeover.ts";
import { TRANSFER_FLOWS } from "./transfer.ts";
import { TRUNK_FLOWS } from "./trunk.ts";

export const FLOWS: readonly Flow[] = [
  ...REGISTRATION_FLOWS,
  ...RFC3665_FLOWS,
  ...TRANSFER_FLOWS,
  ...PERFORMED_FLOWS,
  ...ATTENDED_FLOWS,
  ...FAILED_FLOWS,
  ...IDENTITY_FLOWS,
  ...OFFER_FLOWS,
  ...RULE_FLOWS,
  ...SERVICE_FLOWS,
  ...EARLY_FLOWS,
  ...PICKUP_FLOWS,
  ...TAKEOVER_FLOWS,
  ...RENEGOTIATION_FLOWS,
  ...RACE_FLOWS,
  ...DIALOG_FLOWS,
  ...SESSION_TIMER_FLOWS,
  ...OUTSIDE_FLOWS,
  ...TRUNK_FLOWS,
  ...MASK_FLOWS,
];
