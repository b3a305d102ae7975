import { z } from "zod";
import { about, labelled, text } from "./field.ts";
import { choice, digits, integer, shaped, words, yesNo } from "./values.ts";

const MINUTES = { unit: "min" } as const;
const HOUR_MAX = 1_000_000;
const DAY_MAX = 10_000_000;

const CALLS = "Without it: the gateway's limit alone.";

/** Limits of calls of one trunk. */
export const trunkLimitsSchema = z
  .strictObject({
    callsMax: integer(
      1,
      100_000,
      about("Calls at once", "Appels simultanés", CALLS),
    ).exactOptional(),
    callsPerSecondMax: integer(
      1,
      10_000,
      about("Calls per second", "Appels par seconde", CALLS),
    ).exactOptional(),
  })
  .prefault({})
  .meta(
    labelled(
      about(
        "Limits of calls (CAC)",
        "Limites d’appels (CAC)",
        "Of this trunk, beside the gateway's.",
      ),
    ),
  );

/** How many minutes may be talked, by all calls together. */
const minutes = {
  minutesPerHourMax: integer(
    1,
    HOUR_MAX,
    about(
      "Minutes in an hour",
      "Minutes par heure",
      "Talked by all these calls together within any hour; with no more left, new ones are refused.",
      MINUTES,
    ),
  ).exactOptional(),
  minutesPerDayMax: integer(
    1,
    DAY_MAX,
    about("Minutes in a day", "Minutes par jour", "The same within any 24 hours.", MINUTES),
  ).exactOptional(),
};

const rule = z.strictObject({
  prefix: digits(
    about(
      "Prefix",
      "Préfixe",
      "How the called number begins, in E.164 (+33). Without +: a short code, or a number as it is dialled.",
    ),
  ),
  allow: yesNo(about("Allowed", "Admis", "Whether such numbers may be called.")).default(true),
  comment: words(128, about("Comment", "Commentaire", "Why, for who reads it.")).exactOptional(),
  callsMax: integer(
    1,
    100_000,
    about("Calls at once", "Appels simultanés", "To numbers that this rule is for."),
  ).exactOptional(),
  ...minutes,
});

/**
 * Where calls may go and how much they may talk: of a trunk, and of whoever else carries the same
 * rules.
 */
export const destinationsSchema = z
  .strictObject({
    default: choice(
      ["allow", "deny"],
      about("Other numbers", "Autres numéros", "What becomes of numbers that no rule is for."),
    ).default("allow"),
    rules: z
      .array(rule)
      .max(500)
      .default([])
      .meta(
        labelled(
          about("Rules", "Règles", "The rule with the longest prefix is the one that counts."),
        ),
      ),
    countryCode: shaped(/^[1-9]\d{0,2}$/, {
      ...about(
        "Country code",
        "Indicatif du pays",
        "Of numbers dialled in national form, such as 33. Without it: that of the first rule of called numbers to the operator that has `e164`.",
      ),
      allowed: text("1–3 digits, the first not 0", "1 à 3 chiffres, le premier non nul"),
    }).exactOptional(),
    internationalPrefix: digits(
      about("International prefix", "Préfixe international", "With countryCode. Such as 00."),
    ).default("00"),
    nationalPrefix: digits(
      about(
        "National prefix",
        "Préfixe national",
        "With countryCode. Such as 0; empty where there is none.",
      ),
    ).default("0"),
    newCountry: choice(
      ["off", "tell", "refuse"],
      about(
        "First call to a country",
        "Premier appel vers un pays",
        "tell: the call goes on, and the log says so. refuse: it is refused, until a rule allows a prefix of that country.",
      ),
    ).default("tell"),
    ...minutes,
    callMinutesMax: integer(
      1,
      10_000,
      about("Longest call", "Durée maximale d’un appel", "Then it is ended.", MINUTES),
    ).exactOptional(),
    cut: yesNo(
      about(
        "Cut calls",
        "Couper les appels",
        "Whether calls end when their minutes are used up; otherwise they go on, and new ones are refused.",
      ),
    ).default(false),
  })
  .prefault({})
  .meta(
    labelled(
      about(
        "Destinations",
        "Destinations",
        "Which numbers may be called, and for how long (toll fraud). Emergency numbers always pass.",
      ),
    ),
  );
