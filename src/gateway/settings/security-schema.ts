import { z } from "zod";
import { about, labelled } from "./field.ts";
import { addressBlock, choice, integer, words, yesNo } from "./values.ts";

const s = { unit: "s" };

const PERIODS = ["30s", "5min", "30min", "1h", "1day", "1week", "forever"] as const;

const period = (en: string, fr: string, description: string) =>
  choice(PERIODS, about(en, fr, description)).default("1h");

/** How many requests in how long are a flood. */
const flood = (en: string, fr: string, description: string, requests: number) =>
  z
    .strictObject({
      requests: integer(
        10,
        5000,
        about("Requests", "Requêtes", "More of them within the window are a flood."),
      ).default(requests),
      windowS: integer(2, 10, about("Window", "Fenêtre", "How long they are counted.", s)).default(
        5,
      ),
    })
    .prefault({})
    .meta(labelled(about(en, fr, description)));

const allowed = z.strictObject({
  address: addressBlock(
    about("Address", "Adresse", "An address or a block, IPv4 or IPv6, on either side."),
  ),
  comment: words(100, about("Comment", "Commentaire", "Whose address it is.")).exactOptional(),
});

/** What wrong answers and unknown users are worth. */
const bruteForce = z
  .strictObject({
    attempts: integer(
      3,
      1000,
      about("Attempts", "Tentatives", "Wrong log-ins within the window that deny a source."),
    ).default(10),
    windowS: integer(10, 3600, about("Window", "Fenêtre", "How long they are counted.", s)).default(
      300,
    ),
    denyPeriod: period(
      "Denied for",
      "Durée de blocage",
      "Then the entry leaves the deny list « Force Brute ».",
    ),
  })
  .prefault({})
  .meta(labelled(about("Brute force", "Force brute", "Wrong log-ins of one source.")));

const malicious = z
  .strictObject({
    threshold: integer(
      10,
      1000,
      about(
        "Threshold",
        "Seuil",
        "What denies a source, in hundredths: 100 is one certain proof over TCP or TLS. By UDP, which anybody can forge, everything counts half.",
      ),
    ).default(100),
    windowS: integer(
      10,
      3600,
      about("Window", "Fenêtre", "How long suspicion is added up.", s),
    ).default(300),
  })
  .prefault({})
  .meta(
    labelled(
      about(
        "Malicious calls",
        "Appels malveillants",
        "Malformed SIP, scanners, forgeries: looked for at every level.",
      ),
    ),
  );

/** Who may not speak to the gateway, and for how long. */
export const securitySchema = z
  .strictObject({
    level: choice(
      ["none", "auto-protection", "allow-list"],
      about(
        "Level",
        "Niveau de sécurité",
        "none: floods are not watched. auto-protection: they are, but for whom is trusted. allow-list: whoever is not trusted is dropped without a word. Trusted are the PBX, the trunks and the allow list.",
      ),
    ).default("auto-protection"),
    dos: flood(
      "Flood of one source (DoS)",
      "Inondation par une source (DoS)",
      "Over it the source is denied.",
      200,
    ),
    ddos: flood(
      "Flood of all sources (DDoS)",
      "Inondation par toutes les sources (DDoS)",
      "Requests of whoever is not trusted, together. Over it only trusted sources are heard, until the rate falls.",
      2000,
    ),
    denyPeriod: period(
      "Denied for",
      "Durée de blocage",
      "Then the entry leaves the deny list « DoS ».",
    ),
    denyListMax: integer(
      100,
      100_000,
      about(
        "Entries of a deny list",
        "Taille des listes de blocage",
        "At the limit the oldest entry leaves.",
      ),
    ).default(10_000),
    allowList: z
      .array(allowed)
      .max(100)
      .default([])
      .meta(
        labelled(
          about(
            "Allow list",
            "Liste autorisée (Allow-List)",
            "Trusted beside the PBX and the trunks: never denied. Not used at level none.",
          ),
        ),
      ),
    malicious,
    bruteForce,
    dryRun: yesNo(
      about(
        "Dry run",
        "Essai à blanc",
        "Sources are written down as denied, and nothing is blocked.",
      ),
    ).default(false),
    kernelMirror: yesNo(
      about(
        "Mirror in the kernel",
        "Copie dans le noyau",
        "Denied sources are dropped by nftables as well, where the gateway may (CAP_NET_ADMIN).",
      ),
    ).default(false),
  })
  .prefault({})
  .meta(
    labelled(
      about("Security", "Sécurité", "Who is not heard: floods, malicious calls, brute force."),
    ),
  );
