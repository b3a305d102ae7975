import { z } from "zod";
import { about, described, labelled, text } from "./field.ts";
import { choice, dnsServer, dscp, integer, shaped, words, yesNo } from "./values.ts";

const ms = { unit: "ms" };
const s = { unit: "s" };
const bytes = { unit: "bytes" };
const RFC_4028 = { see: "RFC 4028" };

/** Call admission control (CAC). */
export const limitsSchema = z
  .strictObject({
    callsMax: integer(
      1,
      100_000,
      about("Calls at once", "Appels simultanés", "Of the whole gateway."),
    ).default(2000),
    callsPerSecondMax: integer(
      1,
      10_000,
      about("Calls per second", "Appels par seconde", "Of the whole gateway."),
    ).default(500),
    refuseStatus: described(
      z.preprocess(
        (value) => (typeof value === "string" ? Number(value) : value),
        z.literal([503, 486, 603]),
      ),
      about(
        "Answer over a limit",
        "Réponse au-delà d’une limite",
        "The SIP status of a call over a limit.",
        {
          allowed: text("503 | 486 | 603", "503 | 486 | 603"),
        },
      ),
    ).default(503),
    retryAfterS: integer(
      1,
      3600,
      about("Retry-After", "Retry-After", "What a 503 over a limit tells the caller.", s),
    ).default(10),
  })
  .prefault({})
  .meta(
    labelled(
      about(
        "Limits of calls (CAC)",
        "Limites d’appels (CAC)",
        "Over a limit, a call is refused; emergency numbers never.",
      ),
    ),
  );

export const qosSchema = z
  .strictObject({
    signalling: dscp(
      about("DSCP of SIP", "DSCP de la signalisation", "Set on every SIP socket."),
    ).default(24),
    audio: dscp(
      about("DSCP of audio", "DSCP de l’audio", "Set on audio and opaque streams."),
    ).default(46),
    video: dscp(about("DSCP of video", "DSCP de la vidéo", "Set on video streams.")).default(34),
  })
  .prefault({})
  .meta(
    labelled(
      about("Quality of service", "Qualité de service", "The DSCP of what the gateway sends."),
    ),
  );

/** How calls live, beyond what a trunk says. */
export const callsSchema = z
  .strictObject({
    ringTimeoutS: integer(
      10,
      3600,
      about("Ringing ends after", "Fin de sonnerie après", "A call without an answer ends.", s),
    ).default(180),
    drainTimeoutS: integer(
      0,
      86_400,
      about(
        "A stop waits at most",
        "Attente maximale à l’arrêt",
        "Then the calls in progress are ended.",
        s,
      ),
    ).default(30),
    maxForwards: integer(
      1,
      255,
      about(
        "Max-Forwards",
        "Max-Forwards",
        "Of requests that the gateway begins (RFC 3261 §8.1.1.6).",
      ),
    ).default(70),
  })
  .prefault({})
  .meta(labelled(about("Calls", "Appels", "How calls live.")));

const sessionTimerOf = (en: string, fr: string) =>
  z
    .strictObject({
      mode: choice(
        ["off", "accept", "require"],
        about(
          "Session timers",
          "Minuteries de session",
          "off: none. accept: where the peer asks for one. require: the gateway asks for one, and refreshes the session itself where the peer can't.",
          RFC_4028,
        ),
      ).default("accept"),
      intervalS: integer(
        90,
        86_400,
        about(
          "Session interval",
          "Intervalle de session",
          "Session-Expires that the gateway asks for (require).",
          { ...s, ...RFC_4028 },
        ),
      ).default(1800),
      minIntervalS: integer(
        90,
        86_400,
        about(
          "Shortest session interval",
          "Intervalle de session minimal",
          "Min-SE: a peer that asks for less gets 422. At most `intervalS`.",
          { ...s, ...RFC_4028 },
        ),
      ).default(90),
    })
    .prefault({})
    .meta(labelled(about(en, fr, "Session timers of the legs on this side.")));

/** Whether a call that has died shows: by refreshes of its session, on each side for itself. */
export const sessionTimerSchema = z
  .strictObject({
    public: sessionTimerOf("Public side", "Côté public"),
    private: sessionTimerOf("Private side", "Côté privé"),
  })
  .prefault({})
  .meta(
    labelled(
      about(
        "Session timers",
        "Minuteries de session",
        "Refreshes that show whether a call still lives; without one it is ended. Each side for itself.",
        RFC_4028,
      ),
    ),
  );

const timings = z
  .strictObject({
    t1Ms: integer(
      50,
      5000,
      about("T1", "T1", "Round trip estimate (RFC 3261 §17.1.1.1).", ms),
    ).default(500),
    t2Ms: integer(
      500,
      32_000,
      about("T2", "T2", "Longest interval of retransmission (RFC 3261 §17.1.2.2).", ms),
    ).default(4000),
    t4Ms: integer(
      500,
      32_000,
      about("T4", "T4", "How long the network keeps a message (RFC 3261 §17.1.2.2).", ms),
    ).default(5000),
    tryNextMs: integer(
      500,
      32_000,
      about(
        "Next peer after",
        "Pair suivant après",
        "No answer at all from a trunk's peer: the next is tried.",
        ms,
      ),
    ).default(4000),
  })
  .prefault({})
  .meta(labelled(about("SIP timers", "Minuteries SIP", "RFC 3261 table 4.")));

const messageLimits = z
  .strictObject({
    messageBytesMax: integer(
      1024,
      1_048_576,
      about("Message", "Message", "Longest SIP message.", bytes),
    ).default(65_536),
    headersMax: integer(
      16,
      4096,
      about("Headers", "En-têtes", "Most header lines of a message."),
    ).default(256),
    valuesMax: integer(4, 1024, about("Values", "Valeurs", "Most values of one header.")).default(
      64,
    ),
    uriBytesMax: integer(128, 65_536, about("URI", "URI", "Longest URI.", bytes)).default(2048),
    transactionsMax: integer(
      100,
      2_000_000,
      about("Transactions", "Transactions", "Most transactions at once; more requests get 503."),
    ).default(500_000),
  })
  .prefault({})
  .meta(
    labelled(about("Limits of messages", "Limites des messages", "A message over one is refused.")),
  );

const connections = z
  .strictObject({
    connectionsMax: integer(
      1,
      100_000,
      about("Connections", "Connexions", "Most TCP and TLS connections."),
    ).default(4000),
    reservedPercent: integer(
      0,
      90,
      about(
        "Kept for peers",
        "Réservées aux pairs",
        "The share of the connections that only addresses of the trunks and of the PBX may take.",
        { unit: "%" },
      ),
    ).default(25),
    connectionsPerSourceMax: integer(
      1,
      100_000,
      about("Connections a source", "Connexions par source", "Most connections from one address."),
    ).default(64),
    handshakeMs: integer(
      100,
      60_000,
      about("TLS handshake", "Négociation TLS", "A slower handshake is closed.", ms),
    ).default(5000),
    firstMessageMs: integer(
      100,
      600_000,
      about(
        "First message",
        "Premier message",
        "A connection without a valid message by then is closed.",
        ms,
      ),
    ).default(10_000),
    idleS: integer(
      10,
      86_400,
      about("Idle", "Inactivité", "A silent connection is closed.", s),
    ).default(600),
    keepAliveS: integer(
      0,
      3600,
      about(
        "Keep-alive",
        "Maintien",
        "CRLF on the connections that the gateway opened (RFC 5626 §3.5.1); a peer that has answered them and answers no more is cut off. 0: none.",
        s,
      ),
    ).default(30),
    outQueueBytesMax: integer(
      65_536,
      67_108_864,
      about(
        "Send queue",
        "File d’émission",
        "A peer that reads no more than this behind is cut off.",
        bytes,
      ),
    ).default(1_048_576),
  })
  .prefault({})
  .meta(labelled(about("Connections", "Connexions", "TCP and TLS.")));

export const sipSchema = z
  .strictObject({
    timings,
    limits: messageLimits,
    connections,
    udpRequestBytesMax: integer(
      576,
      65_000,
      about(
        "Longest UDP request",
        "Requête UDP la plus longue",
        "A longer request goes by TCP where the peer has it (RFC 3261 §18.1.1).",
        bytes,
      ),
    ).default(1300),
    serverHeader: words(
      64,
      about(
        "Server name",
        "Nom du serveur",
        "User-Agent and Server of what the gateway itself sends.",
      ),
    ).default("Passerelle"),
  })
  .prefault({})
  .meta(labelled(about("SIP", "SIP", "How the gateway speaks SIP.")));

const FILE = text("the path of a PEM file", "le chemin d’un fichier PEM");
const file = (en: string, fr: string, description: string) =>
  shaped(/^[^\u0000-\u001f]{1,4096}$/, {
    ...about(en, fr, description),
    allowed: FILE,
  }).exactOptional();

export const tlsSchema = z
  .strictObject({
    certificateFile: file(
      "Certificate",
      "Certificat",
      "PEM, with its chain. Without it: self-signed (defaultGW).",
    ),
    keyFile: file("Private key", "Clé privée", "PEM, of the certificate."),
    authoritiesFile: file("Authorities", "Autorités", "PEM; trusted beside those of the machine."),
    minVersion: choice(
      ["1.2", "1.3"],
      about("Oldest TLS", "TLS le plus ancien", "1.2 or 1.3."),
    ).default("1.2"),
  })
  .prefault({})
  .meta(labelled(about("TLS", "TLS", "The gateway's certificate, and whom it trusts.")));

export const dnsSchema = z
  .strictObject({
    servers: z
      .array(dnsServer(about("DNS server", "Serveur DNS", "Asked in this order.")))
      .max(8)
      .default([])
      .meta(
        labelled(about("DNS servers", "Serveurs DNS", "Without it: those of /etc/resolv.conf.")),
      ),
    timeoutMs: integer(
      100,
      30_000,
      about("Patience", "Patience", "For one question to one server.", ms),
    ).default(1000),
    attempts: integer(1, 10, about("Attempts", "Essais", "Rounds over the servers.")).default(2),
    cacheMax: integer(
      10,
      1_000_000,
      about("Names kept", "Noms gardés", "Most answers in the cache."),
    ).default(10_000),
  })
  .prefault({})
  .meta(labelled(about("DNS", "DNS", "How names are resolved.")));

export const logSchema = z
  .strictObject({
    level: choice(
      ["error", "warn", "info", "debug"],
      about("Level", "Niveau", "What is logged."),
    ).default("info"),
    showPrivateData: yesNo(
      about(
        "Show numbers and addresses",
        "Montrer numéros et adresses",
        "Off: they are masked in the log.",
      ),
    ).default(false),
  })
  .prefault({})
  .meta(labelled(about("Log", "Journal", "What is logged.")));
