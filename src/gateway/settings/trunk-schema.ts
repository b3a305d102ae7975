import { z } from "zod";
import { destinationsSchema, trunkLimitsSchema } from "./destinations-schema.ts";
import { about, labelled, text } from "./field.ts";
import { keyExchange } from "./media-schema.ts";
import {
  addressBlock,
  choice,
  digits,
  domain,
  host,
  integer,
  pattern,
  secret,
  shaped,
  words,
  yesNo,
} from "./values.ts";

const NAME = text(
  '1–32 letters, digits, . _ - (not "none")',
  "1 à 32 lettres, chiffres, . _ - (sauf « none »)",
);
export const trunkName = (en: string, fr: string, description: string) =>
  shaped(/^(?!none$)[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, {
    ...about(en, fr, description),
    allowed: NAME,
  });

const USER = text(
  "a SIP user name without spaces, @ or quotes",
  "un nom SIP sans espace, @ ni guillemets",
);
const user = (en: string, fr: string, description: string) =>
  shaped(/^[A-Za-z0-9\-_.!~*'()&=+$,;?/%]{1,128}$/, {
    ...about(en, fr, description),
    allowed: USER,
  });

const peer = z.strictObject({
  host: host(about("Address or FQDN", "Adresse ou FQDN", "Where the operator is reached.")),
  port: integer(
    1,
    65535,
    about(
      "Port",
      "Port",
      "Without it: SRV records of a domain name, else 5061 for TLS and 5060 for UDP and TCP.",
    ),
  ).exactOptional(),
  transport: choice(
    ["udp", "tcp", "tls", "auto"],
    about(
      "Transport",
      "Transport",
      "auto: as DNS says (NAPTR, RFC 3263). Without it: tls when the public protocols are tls alone, else udp.",
    ),
  ).exactOptional(),
  priority: integer(
    0,
    65535,
    about("Priority", "Priorité", "The lowest is tried first (RFC 2782)."),
  ).default(0),
  weight: integer(
    0,
    65535,
    about("Weight", "Poids", "Share of the calls among peers of equal priority (RFC 2782)."),
  ).default(1),
});

const register = z.strictObject({
  registrar: host(
    about(
      "Registrar",
      "Serveur d’enregistrement",
      "The domain that is registered with. Without it: the trunk's domain or first peer.",
    ),
  ).exactOptional(),
  user: user("User", "Utilisateur", "The user part of the address of record."),
  contactUser: user(
    "User of the Contact",
    "Utilisateur du Contact",
    "Without it: as `user`. A call to it is for the number in To, unless that is `user` or this again.",
  ).exactOptional(),
  expiresS: integer(
    60,
    86_400,
    about("Lifetime asked", "Durée demandée", "What the registration asks for.", { unit: "s" }),
  ).default(3600),
  outbound: yesNo(
    about(
      "SIP Outbound",
      "SIP Outbound",
      "RFC 5626: a flow to each of the first four peers, registered under a reg-id of its own and kept alive, which calls of both directions use. An operator that doesn't know it is registered with as without.",
    ),
  ).default(false),
});

const credentials = z.strictObject({
  user: words(
    128,
    about("Digest user", "Identifiant", "The name that a challenge is answered with."),
  ),
  password: secret(about("Digest password", "Mot de passe", "Never shown.")),
  realm: words(
    256,
    about(
      "Realm",
      "Domaine (realm)",
      "Only challenges of this realm are answered. Without it: of the realms that the accepted REGISTER was challenged for, or, where it wasn't, any of this trunk's peers.",
    ),
  ).exactOptional(),
  otherRealms: z
    .array(words(256, about("Further realm", "Autre domaine", "Answered too.")))
    .max(8)
    .default([])
    .meta(
      labelled(
        about("Further realms", "Autres domaines", "Where this operator's servers have several."),
      ),
    ),
});

const e164 = z.strictObject({
  form: choice(
    ["e164", "national", "international"],
    about(
      "Written as",
      "Forme",
      "e164: +33123456789, national: 0123456789, international: 0033123456789.",
    ),
  ).default("e164"),
  countryCode: shaped(/^[1-9]\d{0,2}$/, {
    ...about("Country code", "Indicatif du pays", "Such as 33."),
    allowed: text("1–3 digits, the first not 0", "1 à 3 chiffres, le premier non nul"),
  }),
  internationalPrefix: digits(
    about("International prefix", "Préfixe international", "Such as 00."),
  ).default("00"),
  nationalPrefix: digits(
    about("National prefix", "Préfixe national", "Such as 0; empty where there is none."),
  ).default("0"),
});

/** The first rule of a list whose number and prefix or pattern fit is applied. */
const numberRule = z.strictObject({
  number: choice(
    ["called", "calling", "both"],
    about("Number", "Numéro", "Which number the rule reads and changes."),
  ).default("called"),
  prefix: digits(
    about("Prefix", "Préfixe", "Numbers that begin so. Without prefix and pattern: all."),
  ).exactOptional(),
  pattern: pattern(
    about("Pattern", "Motif", "Numbers that match from their start."),
  ).exactOptional(),
  strip: integer(
    0,
    32,
    about("Strip", "Chiffres à retirer", "How many characters to take off the front."),
  ).default(0),
  prepend: digits(
    about("Prepend", "Préfixe à ajouter", "What to put before, after the strip."),
  ).default(""),
  replace: shaped(/^[+0-9*#A-Da-d$]{0,64}$/, {
    ...about(
      "Replace",
      "Remplacer par",
      "What the part that matched the pattern becomes; $1–$9 are its groups.",
    ),
    allowed: text("digits, + * # and $1–$9", "des chiffres, + * # et $1–$9"),
  }).exactOptional(),
  e164: e164
    .exactOptional()
    .meta(
      labelled(
        about(
          "Rewrite",
          "Réécriture",
          "Writes the number in one form, after the strip and before the prepend.",
        ),
      ),
    ),
});

const rules = (en: string, fr: string) =>
  z
    .array(numberRule)
    .max(100)
    .default([])
    .meta(labelled(about(en, fr, "The first rule that fits each number is applied.")));

const keep = (header: string, description: string) =>
  choice(["pass", "remove"], about(header, header, description)).default("pass");

const identityHeaders = z
  .strictObject({
    assertedIdentity: choice(
      ["pass", "trusted", "remove"],
      about(
        "P-Asserted-Identity",
        "P-Asserted-Identity",
        "With P-Preferred-Identity and Remote-Party-ID, which say the same. pass: unless Privacy asks for id (RFC 3325 §7). trusted: then too, for an operator that itself withholds it from the callee.",
      ),
    ).default("pass"),
    diversion: keep(
      "Diversion",
      "RFC 5806. pass: entries that hide themselves (privacy) as anonymous, and all where Privacy hides History-Info; as they are where P-Asserted-Identity is trusted.",
    ),
    historyInfo: keep(
      "History-Info",
      "RFC 7044. pass: entries that Privacy hides (history, header, session; of the message or their own) as anonymous; as they are where P-Asserted-Identity is trusted.",
    ),
    privacy: keep("Privacy", "RFC 3323. What it asks for is done even where it is removed."),
    reason: keep("Reason", "RFC 3326."),
  })
  .prefault({})
  .meta(
    labelled(
      about(
        "Identity headers",
        "En-têtes d’identité",
        "Which pass towards the operator; what comes from it passes.",
      ),
    ),
  );

export const trunkSchema = z.strictObject({
  name: trunkName("Name", "Nom", "How routes, facts and counters call the trunk."),
  peers: z
    .array(peer)
    .min(1)
    .max(16)
    .meta(
      labelled(
        about(
          "Peers",
          "Pairs",
          "The operator's addresses, tried in the order of priority and weight.",
        ),
      ),
    ),
  domain: domain(
    about(
      "Domain",
      "Domaine",
      "The host of the URIs sent to the operator. Without it: the peer's host.",
    ),
  ).exactOptional(),
  register: register
    .exactOptional()
    .meta(
      labelled(about("Registration", "Enregistrement", "The gateway registers with the operator.")),
    ),
  credentials: credentials
    .exactOptional()
    .meta(
      labelled(
        about(
          "Credentials",
          "Authentification",
          "Answer the operator's digest challenges, and no one else's.",
        ),
      ),
    ),
  sourceAddresses: z
    .array(
      addressBlock(
        about("Source addresses", "Adresses sources", "From where the operator's requests come."),
      ),
    )
    .max(64)
    .exactOptional()
    .meta(
      labelled(
        about(
          "Source addresses",
          "Adresses sources",
          "Without it: the peers' own addresses, names resolved.",
        ),
      ),
    ),
  verifyCertificate: yesNo(
    about(
      "Verify the operator's certificate",
      "Vérifier le certificat de l’opérateur",
      "Whether an authority of `tls.authoritiesFile`, or of the machine, must have signed it, with the peer's name in it. A peer given by address has no name to check.",
    ),
  ).default(true),
  optionsIntervalS: integer(
    0,
    3600,
    about(
      "Health check every",
      "Contrôle de présence toutes les",
      "OPTIONS to each peer; 0: none.",
      { unit: "s" },
    ),
  ).default(30),
  optionsMissesMax: integer(
    1,
    20,
    about(
      "Misses before down",
      "Échecs avant hors service",
      "OPTIONS without an answer until a peer counts as down.",
    ),
  ).default(3),
  failoverStatuses: z
    .array(
      integer(
        400,
        599,
        about(
          "Failover status",
          "Code de bascule",
          "An answer that makes the gateway try the next peer.",
        ),
      ),
    )
    .max(16)
    .default([503, 408])
    .meta(
      labelled(
        about(
          "Failover",
          "Bascule",
          "Answers that make the gateway try the next peer: never 486, and never a 6xx; a transport failure always.",
        ),
      ),
    ),
  redirects: choice(
    ["follow", "pass"],
    about(
      "3xx answers",
      "Réponses 3xx",
      "follow: the gateway calls the new address, where it is one of this trunk's (a peer's, or in sourceAddresses). pass: the caller gets the answer.",
    ),
  ).default("pass"),
  refer: choice(
    ["pass", "perform"],
    about(
      "Transfer by REFER",
      "Transfert par REFER",
      "pass: the other side is asked to call. perform: the gateway calls the target itself and joins the two.",
    ),
  ).default("pass"),
  referFrom: choice(
    ["pbx", "both"],
    about(
      "Who may ask for a transfer",
      "Qui peut demander un transfert",
      "With refer: perform. both: the operator too, who could make the gateway call at the company's cost.",
    ),
  ).default("pbx"),
  keyExchange: keyExchange(
    "Exchange of media keys",
    "Échange des clés du média",
    " Without it: media.keyExchange.public.",
  ).exactOptional(),
  numberRules: z
    .strictObject({
      in: rules("Rules from the operator", "Règles depuis l’opérateur"),
      out: rules("Rules to the operator", "Règles vers l’opérateur"),
    })
    .prefault({})
    .meta(
      labelled(
        about(
          "Number rules",
          "Règles de numéros",
          "How numbers change on their way. Rules of calling numbers also hold for who answers and who forwarded: P-Asserted-Identity, P-Preferred-Identity, Remote-Party-ID, Diversion, History-Info.",
        ),
      ),
    ),
  identityHeaders,
  limits: trunkLimitsSchema,
  destinations: destinationsSchema,
});
