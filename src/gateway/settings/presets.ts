/** One of the five architectures (§2.3) as a settings file with its comments. */
export interface Preset {
  readonly architecture: Architecture;
  /** Of a daisy chain, which has one file for each element. */
  readonly element?: "wan" | "lan";
  readonly title: string;
  readonly text: string;
}

export const ARCHITECTURES = [1, 2, 3, 4, 5] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** The settings of an architecture: one file, or that of the WAN element and that of the LAN element. */
export const presetsOf = (architecture: Architecture): readonly Preset[] => PRESETS[architecture]();

/** Example addresses: documentation ones outside (RFC 5737), private ones inside. */
const PUBLIC = "203.0.113.10";
const LAN_A = "192.168.10.5";
const LAN_B = "192.168.20.5";
const DMZ_A = "10.20.0.5";
const SBC_WAN = "10.20.0.6";
const SBC_LAN = "192.168.10.6";

const PRESETS: Readonly<Record<Architecture, () => readonly Preset[]>> = {
  1: () => [
    standard(1, "standard, the PBX on the same machine", {
      publicLocal: [LAN_A, "LANA, the machine's one address"],
      privateLocal: [LAN_A, "LANA as well: the ports tell the sides apart"],
      pbx: [LAN_A, "LANA: the PBX on this machine"],
    }),
  ],
  2: () => [
    standard(2, "standard, the PBX on the same machine, LAN and DMZ apart", {
      publicLocal: [LAN_B, "LANB, on the card towards the internet; another subnet than LANA"],
      privateLocal: [LAN_A, "LANA, on the card towards the LAN"],
      pbx: [LAN_A, "LANA: the PBX on this machine"],
    }),
  ],
  3: () => [
    standard(3, "standard, the gateway in the DMZ, the PBX in the LAN", {
      publicLocal: [DMZ_A, "DMZA, the machine's one address"],
      privateLocal: [DMZ_A, "DMZA as well: the ports tell the sides apart"],
      pbx: [LAN_A, "LANA: the PBX, through the firewall between DMZ and LAN"],
    }),
  ],
  4: () => [
    wanElement(4, "daisy chain, the PBX on the LAN element's machine"),
    lanElement(4, "daisy chain, the PBX on the LAN element's machine", [
      SBC_LAN,
      "the PBX on this machine",
    ]),
  ],
  5: () => [
    wanElement(5, "daisy chain, the PBX apart from the LAN element"),
    lanElement(5, "daisy chain, the PBX apart from the LAN element", [
      LAN_A,
      "LANA: the PBX, a machine of its own",
    ]),
  ],
};

/** An address and what it is in the drawings of the manual. */
type Placed = readonly [address: string, what: string];

interface Places {
  readonly publicLocal: Placed;
  readonly privateLocal: Placed;
  readonly pbx: Placed;
}

function standard(architecture: Architecture, title: string, places: Places): Preset {
  const text = [
    heading(architecture, title),
    general("standard"),
    publicNat(),
    local("publicLocal", "IP2: interface publique", places.publicLocal, 5063),
    local("privateLocal", "IP3: interface privée", places.privateLocal, 5064),
    "# NAT sur l'interface privée: no, so IP4 (pbxReached) is IP5.\nprivateNat: no",
    pbx(places.pbx),
    common(),
    trunk(),
  ];
  return { architecture, title, text: `${text.join("\n\n")}\n` };
}

function wanElement(architecture: Architecture, title: string): Preset {
  const text = [
    heading(architecture, `${title} — WAN element, in the DMZ`),
    general("chained-wan"),
    publicNat(),
    local("publicLocal", "IP2: interface publique", [SBC_WAN, "the WAN element's address"], 5063),
    local(
      "privateLocal",
      "IP3: interface privée",
      [SBC_WAN, "the same address, towards the LAN element"],
      5064,
    ),
    `# The LAN element: the only machine of the LAN that the WAN element talks to.\nlanElement:\n  host: ${SBC_LAN}\n  tlsPort: 5063`,
    common(),
    trunk(),
  ];
  return { architecture, element: "wan", title, text: `${text.join("\n\n")}\n` };
}

function lanElement(architecture: Architecture, title: string, place: Placed): Preset {
  const text = [
    heading(architecture, `${title} — LAN element`),
    general("chained-lan"),
    `# The WAN element, on its private port.\nwanElement:\n  host: ${SBC_WAN}\n  tlsPort: 5064`,
    local(
      "publicLocal",
      "IP2: interface publique",
      [SBC_LAN, "the LAN element's address, towards the WAN element"],
      5063,
    ),
    local(
      "privateLocal",
      "IP3: interface privée",
      [SBC_LAN, "the same address, towards the PBX"],
      5064,
    ),
    "# NAT sur l'interface privée: no, so IP4 (pbxReached) is IP5.\nprivateNat: no",
    pbx(place),
    common(),
  ];
  return { architecture, element: "lan", title, text: `${text.join("\n\n")}\n` };
}

const heading = (architecture: Architecture, title: string): string =>
  `# Passerelle: architecture ${architecture}, ${title} (manual §2.3.${architecture}).
# The addresses are examples: put yours, then run "passerelle check FILE".`;

const general = (mode: string): string => `mode: ${mode}
# Interface sécurisée: SIP over TLS (and SRTP, see voiceEncryption).
securedInterface: yes
# Protocoles publics and privés: tls, or tls+udp/tcp to have plain SIP too.
publicProtocols: tls
privateProtocols: tls`;

const publicNat = (): string => `# NAT sur l'interface publique: the firewall maps IP1 to IP2.
publicNat: yes
# IP1: adresse publique, what the far end uses to reach the gateway.
advertised:
  address: ${PUBLIC}
  tlsPort: 5063`;

const local = (field: string, label: string, [address, what]: Placed, tlsPort: number): string =>
  `# ${label}: ${what}.
${field}:
  address: ${address}
  tlsPort: ${tlsPort}`;

const pbx = ([host, what]: Placed): string => `# IP5: adresse ou FQDN de l'iPbx: ${what}.
pbx:
  host: ${host}
  port: 5061
  transport: tls`;

const common = (): string => `# Plage de ports: an audio call takes 4 ports, one with video 8.
rtp:
  portMin: 20000
  portMax: 27999
  changePortOnRenegotiation: yes
# Support du RTP symétrique: none, public, private or both.
symmetricRtp: none
# Appliquer le masque de topologie réseau.
topologyMask: yes`;

const trunk =
  (): string => `# The operators. Passwords are never shown again; keep this file readable by its owner alone.
trunks: []
#  - name: operator
#    peers:
#      - host: sip.operator.example
#        transport: tls
#    register:
#      user: "+33123456789"
#    credentials:
#      user: account
#      password: secret
#    numberRules:
#      out:
#        - e164: { countryCode: 33 }`;
