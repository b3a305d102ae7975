import { z } from "zod";
import { MESSAGES } from "./errors.ts";
import { about, described, labelled, text } from "./field.ts";
import { choice, integer, yesNo } from "./values.ts";

const PAGE = { see: "§3.1" };

const EVEN = text("an even port, 1024–65532", "un port pair, 1024–65532");

/** RTP takes the even port of a pair, RTCP the odd one (RFC 3550 §11). */
const evenPort = described(
  integer(1024, 65532, about("First RTP port", "port RTP minimum", "")).refine(
    (port) => port % 2 === 0,
    { params: { complaint: { message: MESSAGES.range } } },
  ),
  about(
    "First RTP port",
    "port RTP minimum",
    "Even. An audio call takes 4 ports, one with video 8.",
    {
      ...PAGE,
      allowed: EVEN,
    },
  ),
);

const sideEncryption = (en: string, fr: string) =>
  choice(
    ["required", "preferred", "off"],
    about(
      en,
      fr,
      "required: a call without SRTP is refused. preferred: either, and both are offered. off: none.",
    ),
  ).default("preferred");

/** What an offer of ours says of keys; what a peer offers may be any of these. */
export const keyExchange = (en: string, fr: string, more = "") =>
  choice(
    ["sdes", "dtls", "webrtc"],
    about(
      en,
      fr,
      `sdes: keys in the description, under TLS alone. dtls: DTLS-SRTP. webrtc: DTLS-SRTP as browsers want it, with ICE and RTCP on the same port.${more}`,
    ),
  );

/** The media lines of the tab, and what surrounds them. */
export const mediaFields = {
  rtp: z
    .strictObject({
      portMin: evenPort.default(20000),
      portMax: integer(
        1024,
        65535,
        about("Last RTP port", "port RTP maximum", "At least `portMin` + 3.", PAGE),
      ).default(27999),
      changePortOnRenegotiation: yesNo(
        about(
          "RTP port changes on renegotiation",
          "Changement du port RTP sur renégociation",
          "A re-INVITE or UPDATE with an SDP offer allocates new ports. Off: the same ports stay.",
          PAGE,
        ),
      ).default(true),
    })
    .prefault({})
    .meta(
      labelled(
        about(
          "RTP ports",
          "Plage de ports SBC",
          "From which every stream of a call takes its ports.",
        ),
      ),
    ),
  symmetricRtp: choice(
    ["none", "public", "private", "both"],
    about(
      "Symmetric RTP",
      "Support du RTP symétrique",
      "On which side media is sent to where it comes from (NON · public · privé · les deux).",
      PAGE,
    ),
  ).default("none"),
  media: z
    .strictObject({
      portQuarantineS: integer(
        0,
        600,
        about(
          "Quarantine of ports",
          "Quarantaine des ports",
          "How long the ports of an ended call rest, so that its late packets enter no new call.",
          { unit: "s" },
        ),
      ).default(10),
      silenceS: integer(
        0,
        86_400,
        about(
          "Silence ends a call after",
          "Fin d’appel après silence de",
          "No RTP or RTCP from either side for this long, not on hold, ends the call; 0: never.",
          { unit: "s" },
        ),
      ).default(120),
      figuresS: integer(
        0,
        3600,
        about(
          "Quality figures every",
          "Relevé de la qualité toutes les",
          "How often the media plane tells what calls have lost, their jitter and round trip, which the end of a call tells of; 0: never.",
          { unit: "s" },
        ),
      ).default(5),
      kernel: choice(
        ["auto", "off", "required"],
        about(
          "Relay by the kernel",
          "Relais par le noyau",
          "auto: plain RTP goes by the kernel where that can be, and SRTP past its network stack, else by sockets, and the log says why. required: the gateway doesn't start without the former. Turned on after a start with off: at the next start.",
        ),
      ).default("auto"),
      outliveS: integer(
        0,
        3600,
        about(
          "Calls outlive the gateway for",
          "Les appels survivent à la passerelle",
          "When the gateway process dies, media goes on for this long, and the gateway takes its calls up again when it is started in that time; 0: calls end with the process. Turned on after a start with 0: at the next start.",
          { unit: "s" },
        ),
      ).default(60),
      opaque: choice(
        ["pass", "always", "refuse"],
        about(
          "T.38, BFCP and unknown media",
          "T.38, BFCP et médias inconnus",
          "pass: as opaque UDP, which nothing encrypts: a call with a side where media.encryption is required has these lines of an offer refused. always: there too. refuse: none.",
        ),
      ).default("pass"),
      encryption: z
        .strictObject({
          public: sideEncryption("On the public side", "Côté public"),
          private: sideEncryption("On the private side", "Côté privé"),
        })
        .prefault({})
        .meta(
          labelled(
            about(
              "Encryption by side",
              "Chiffrement par côté",
              "Whether SRTP must be, where voiceEncryption is on. Each side is negotiated by itself.",
            ),
          ),
        ),
      keyExchange: z
        .strictObject({
          public: keyExchange("On the public side", "Côté public").default("sdes"),
          private: keyExchange("On the private side", "Côté privé").default("sdes"),
        })
        .prefault({})
        .meta(
          labelled(
            about(
              "Exchange of keys by side",
              "Échange des clés par côté",
              "How keys of SRTP are agreed on in what the gateway offers, where encryption isn't off. An offer that comes may have any of them.",
            ),
          ),
        ),
      bundle: choice(
        ["auto", "off"],
        about(
          "Bundles",
          "Regroupement des flux (BUNDLE)",
          "auto: the voice and video of a leg go by one port where its peer offers that, and browsers are offered it. off: each has its own.",
        ),
      ).default("auto"),
    })
    .prefault({})
    .meta(labelled(about("Media", "Flux média", "What becomes of streams."))),
  topologyMask: yesNo(
    about(
      "Hide the network's topology",
      "Appliquer le masque de topologie réseau",
      "Nothing of one side's addresses, names, User-Agent and Call-ID appears on the other.",
      PAGE,
    ),
  ).default(true),
  voiceEncryption: choice(
    ["off", "aes-128", "aes-256"],
    about(
      "Voice encryption",
      "chiffrement voix",
      "SRTP, and the type that is proposed first; where securedInterface is yes, on calls under TLS.",
      { see: "§4.1.4.1" },
    ),
  ).default("aes-128"),
};
