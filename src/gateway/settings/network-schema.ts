import { z } from "zod";
import { about, labelled, type Text, text } from "./field.ts";
import { address, addressBlock, choice, domain, host, integer, yesNo } from "./values.ts";

const PAGE = { see: "§3.1" };

const tlsPort = (preset: number) =>
  integer(
    1,
    65535,
    about("TLS port", "port sécurisé (TLS)", "Port of SIP over TLS.", PAGE),
  ).default(preset);

const plainPort = (preset: number) =>
  integer(
    1,
    65535,
    about(
      "UDP/TCP port",
      "port UDP/TCP",
      "Port of SIP over UDP and TCP, where these are on.",
      PAGE,
    ),
  ).default(preset);

const PUBLIC_PROTOCOLS = text(
  "tls | tls+udp/tcp where securedInterface is yes, else udp/tcp",
  "tls | tls+udp/tcp si securedInterface est yes, sinon udp/tcp",
);
const PRIVATE_PROTOCOLS = text(
  "tls | tls+udp/tcp (both only where securedInterface is yes) | udp/tcp (not on a WAN element)",
  "tls | tls+udp/tcp (les deux seulement si securedInterface est yes) | udp/tcp (pas sur un élément WAN)",
);
const protocols = (en: string, fr: string, allowed: Text) =>
  choice(
    ["tls", "tls+udp/tcp", "udp/tcp"],
    about(en, fr, "Without it: tls on a secured interface, else udp/tcp.", { ...PAGE, allowed }),
  ).exactOptional();

/** The tab « Paramètres généraux » up to the addresses of the public side. */
export const publicFields = {
  mode: choice(
    ["standard", "chained-wan", "chained-lan"],
    about(
      "Mode",
      "Mode",
      "Standard · Chaîné – élément WAN · Chaîné – élément LAN. A chained mode is validated, but does not run yet.",
      PAGE,
    ),
  ).default("standard"),
  operation: choice(
    ["trunk-sbc"],
    about("Operating mode", "Mode de fonctionnement", "TRUNK SBC.", PAGE),
  ).default("trunk-sbc"),
  securedInterface: yesNo(
    about(
      "Secured interface",
      "Interface sécurisée",
      "Turns SIP over TLS on, and SRTP by `voiceEncryption`.",
      PAGE,
    ),
  ).default(true),
  mutualTls: yesNo(
    about(
      "Mixed (MTLS)",
      "Mixte (MTLS)",
      "Mutual TLS with the public peer; excludes OTT devices. Not available yet.",
      PAGE,
    ),
  ).default(false),
  ottSupport: yesNo(
    about(
      "OTT devices",
      "Support terminaux OTT",
      "Subscribers on the internet; excludes MTLS. Not available yet.",
      PAGE,
    ),
  ).default(false),
  publicFqdn: domain(
    about(
      "Public FQDN of the gateway",
      "FQDN public SBC",
      "The name that the certificate bears, for OTT devices. Whoever else gives it as its own address forges.",
      { see: "§2.3.1" },
    ),
  ).exactOptional(),
  publicProtocols: protocols("Public protocols", "Protocoles publics", PUBLIC_PROTOCOLS),
  publicNat: yesNo(
    about(
      "NAT on the public interface",
      "NAT sur l’interface publique",
      "The firewall maps IP1 (`advertised`) to IP2 (`publicLocal`). Off: IP1 is IP2.",
      PAGE,
    ),
  ).default(false),
  advertised: z
    .strictObject({
      address: address(
        about(
          "Public address (IP1)",
          "adresse publique (IP1)",
          "What the far end uses to reach the gateway: it stands in Via, Contact and SDP on the public side.",
          PAGE,
        ),
      ),
      tlsPort: tlsPort(5063),
      plainPort: plainPort(5060),
    })
    .exactOptional()
    .meta(
      labelled(
        about(
          "Public address (IP1)",
          "adresse publique (IP1)",
          "What the far end uses to reach the gateway, where publicNat is on.",
        ),
      ),
    ),
  publicLocal: z
    .strictObject({
      address: address(
        about(
          "Public interface (IP2)",
          "interface publique (IP2)",
          "An address of this machine.",
          PAGE,
        ),
      ),
      tlsPort: tlsPort(5063),
      plainPort: plainPort(5060),
    })
    .meta(
      labelled(
        about(
          "Public interface (IP2)",
          "interface publique (IP2)",
          "Where the gateway listens for the operators.",
        ),
      ),
    ),
  wanElement: z
    .strictObject({
      host: host(
        about(
          "Address or FQDN of the WAN element",
          "Adresse ou FQDN de l’élément WAN",
          "Of a LAN element: the WAN element it serves.",
          { see: "§2.3.4" },
        ),
      ),
      tlsPort: tlsPort(5064),
    })
    .exactOptional()
    .meta(
      labelled(
        about("WAN element", "élément WAN", "Of a LAN element: its only peer on the public side."),
      ),
    ),
};

const PBX_PORT =
  "Without it: SRV records of a domain name, else 5061 for TLS and 5060 for UDP and TCP.";

const pbx = z.strictObject({
  host: host(
    about(
      "Address or FQDN of the PBX (IP5)",
      "Adresse ou FQDN de l’iPbx (IP5)",
      "The PBX behind the gateway.",
      PAGE,
    ),
  ),
  port: integer(
    1,
    65535,
    about("Port of the PBX (IP5)", "port de l’iPbx (IP5)", PBX_PORT, PAGE),
  ).exactOptional(),
  transport: choice(
    ["udp", "tcp", "tls"],
    about(
      "Transport to the PBX",
      "Transport vers l’iPbx",
      "Without it: tls where the private protocols have it, else udp.",
    ),
  ).exactOptional(),
  verifyCertificate: yesNo(
    about(
      "Verify the PBX's certificate",
      "Vérifier le certificat de l’iPbx",
      "Whether an authority of `tls.authoritiesFile`, or of the machine, must have signed it.",
    ),
  ).default(false),
  sourceAddresses: z
    .array(
      addressBlock(
        about("Source addresses", "Adresses sources", "From where the PBX's requests come."),
      ),
    )
    .max(64)
    .exactOptional()
    .meta(
      labelled(
        about(
          "Source addresses",
          "Adresses sources",
          "Without it: the PBX's own address (IP4), names resolved.",
        ),
      ),
    ),
  optionsIntervalS: integer(
    0,
    3600,
    about("Health check every", "Contrôle de présence toutes les", "OPTIONS to the PBX; 0: none.", {
      unit: "s",
    }),
  ).default(30),
  optionsMissesMax: integer(
    1,
    20,
    about(
      "Misses before down",
      "Échecs avant hors service",
      "OPTIONS without an answer until the PBX counts as down.",
    ),
  ).default(3),
  rtpPortMin: integer(
    1024,
    65535,
    about(
      "First voice port of the PBX",
      "Premier port voix de l’iPbx",
      "For the firewall matrix.",
      { see: "§4.1.3.2" },
    ),
  ).default(40000),
  rtpPortMax: integer(
    1024,
    65535,
    about("Last voice port of the PBX", "Dernier port voix de l’iPbx", "For the firewall matrix.", {
      see: "§4.1.3.2",
    }),
  ).default(41000),
});

/** The tab « Paramètres généraux », the private side. */
export const privateFields = {
  privateProtocols: protocols("Private protocols", "Protocoles privés", PRIVATE_PROTOCOLS),
  privateLocal: z
    .strictObject({
      address: address(
        about(
          "Private interface (IP3)",
          "interface privée (IP3)",
          "An address of this machine.",
          PAGE,
        ),
      ),
      tlsPort: tlsPort(5064),
      plainPort: plainPort(5062),
    })
    .meta(
      labelled(
        about(
          "Private interface (IP3)",
          "interface privée (IP3)",
          "Where the gateway listens for the PBX.",
        ),
      ),
    ),
  privateNat: yesNo(
    about(
      "NAT on the private interface",
      "NAT sur l’interface privée",
      "The gateway reaches the PBX at IP4 (`pbxReached`). Off: IP4 is IP5.",
      PAGE,
    ),
  ).default(false),
  pbxReached: z
    .strictObject({
      host: host(
        about(
          "Address or FQDN of the PBX as the gateway sees it (IP4)",
          "adresse ou FQDN de l’iPbx vu du SBC (IP4)",
          "Where the gateway really sends.",
          PAGE,
        ),
      ),
      port: integer(1, 65535, about("Port (IP4)", "port (IP4)", PBX_PORT, PAGE)).exactOptional(),
    })
    .exactOptional()
    .meta(
      labelled(
        about(
          "PBX as the gateway sees it (IP4)",
          "iPbx vu du SBC (IP4)",
          "Where the gateway really sends, where privateNat is on.",
        ),
      ),
    ),
  pbx: pbx
    .exactOptional()
    .meta(
      labelled(
        about(
          "PBX (IP5)",
          "iPbx (IP5)",
          "The PBX behind the gateway. Required in standard mode and on a LAN element.",
        ),
      ),
    ),
  lanElement: z
    .strictObject({
      host: host(
        about(
          "Address or FQDN of the LAN element",
          "Adresse ou FQDN de l’élément LAN",
          "Of a WAN element: the LAN element, its only peer on the private side.",
          { see: "§2.3.4" },
        ),
      ),
      tlsPort: tlsPort(5063),
    })
    .exactOptional()
    .meta(
      labelled(
        about("LAN element", "élément LAN", "Of a WAN element: its only peer on the private side."),
      ),
    ),
};
