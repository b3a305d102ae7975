import { z } from "zod";
import { about, labelled, text } from "./field.ts";
import { trunkName } from "./trunk-schema.ts";
import { digits, domain, pattern, shaped, yesNo } from "./values.ts";

const route = z.strictObject({
  prefix: digits(about("Prefix", "Préfixe", "Called numbers that begin so.")).exactOptional(),
  pattern: pattern(
    about("Pattern", "Motif", "Called numbers that match from their start."),
  ).exactOptional(),
  domain: domain(
    about("Domain", "Domaine", "Requests to this domain (Route or Request-URI)."),
  ).exactOptional(),
  trunk: trunkName("Trunk", "Faisceau", "The trunk that takes the call."),
});

export const routingSchema = z
  .strictObject({
    rules: z
      .array(route)
      .max(1000)
      .default([])
      .meta(
        labelled(
          about(
            "Routes",
            "Routes",
            "Calls of the PBX: the first rule whose every condition holds gives the trunk.",
          ),
        ),
      ),
    byRequestDomain: yesNo(
      about(
        "By the request's own domain",
        "Par le domaine de la requête",
        "A Route or Request-URI with a trunk's domain, peer or address goes to that trunk, before the default.",
      ),
    ).default(true),
    defaultTrunk: shaped(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, {
      ...about(
        "Default trunk",
        "Faisceau par défaut",
        "Takes what no rule took; none: such calls are refused. Without it: the only trunk, where there is one.",
      ),
      allowed: text("a trunk's name, or none", "le nom d’un faisceau, ou none"),
    }).exactOptional(),
  })
  .prefault({})
  .meta(labelled(about("Routing", "Routage", "Which trunk takes a call of the PBX.")));
