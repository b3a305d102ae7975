import { z } from "zod";
import { about, labelled, text } from "./field.ts";
import { mediaFields } from "./media-schema.ts";
import { privateFields, publicFields } from "./network-schema.ts";
import { routingSchema } from "./routing-schema.ts";
import { securitySchema } from "./security-schema.ts";
import {
  callsSchema,
  dnsSchema,
  limitsSchema,
  logSchema,
  qosSchema,
  sessionTimerSchema,
  sipSchema,
  tlsSchema,
} from "./service-schema.ts";
import { trunkSchema } from "./trunk-schema.ts";
import { shaped } from "./values.ts";

const emergencyNumber = shaped(/^[0-9*#]{2,15}$/, {
  ...about("Emergency number", "Numéro d’urgence", "Called numbers that no limit refuses."),
  allowed: text("2–15 digits", "2 à 15 chiffres"),
});

/**
 * The whole settings file: the one source of validation, defaults, documentation, and (as JSON
 * Schema) of the API and its forms. What depends on several fields is in rules.ts.
 */
export const settingsSchema = z.strictObject({
  ...publicFields,
  ...privateFields,
  ...mediaFields,
  trunks: z
    .array(trunkSchema)
    .max(1000)
    .default([])
    .meta(labelled(about("Trunks", "Faisceaux", "The operators, on the public side."))),
  routing: routingSchema,
  emergencyNumbers: z
    .array(emergencyNumber)
    .max(100)
    .default(["112", "15", "17", "18", "114", "115", "119", "191", "196", "197"])
    .meta(
      labelled(
        about("Emergency numbers", "Numéros d’urgence", "Exempt from every limit of calls."),
      ),
    ),
  limits: limitsSchema,
  calls: callsSchema,
  sessionTimer: sessionTimerSchema,
  qos: qosSchema,
  sip: sipSchema,
  tls: tlsSchema,
  security: securitySchema,
  dns: dnsSchema,
  log: logSchema,
});

/** What a file says, defaults filled in, before addresses and ports are derived. */
export type FileSettings = z.output<typeof settingsSchema>;
