/** Whose doing an end was: what an operator asks first. */
export type Fault = "none" | "caller" | "callee" | "gateway" | "network" | "operator";

interface EndRow {
  readonly status: number;
  readonly fault: Fault;
  readonly en: string;
  readonly fr: string;
}

/**
 * Why calls and requests end: one row gives the SIP status, whose fault it was, the text of the
 * CDR and of the page, and the metric's label (the key).
 */
export const ENDS = {
  completed: row(200, "none", "Completed", "Terminé"),
  cancelled: row(487, "caller", "Cancelled by the caller", "Abandonné par l’appelant"),
  rejected: row(480, "callee", "Refused by the called side", "Refusé par le côté appelé"),
  transferred: row(200, "none", "Transferred", "Transféré"),
  transferring: row(491, "network", "A transfer is under way", "Un transfert est en cours"),
  "transfer-not-allowed": row(603, "operator", "Transfer not allowed", "Transfert non admis"),
  "ring-timeout": row(480, "callee", "No answer in time", "Pas de réponse dans le délai"),
  "unknown-source": row(
    403,
    "caller",
    "Source is neither PBX nor trunk",
    "Source ni iPbx ni faisceau",
  ),
  malicious: row(403, "caller", "Malicious call", "Appel malveillant"),
  "no-route": row(404, "caller", "No route for this number", "Aucune route pour ce numéro"),
  "bad-request": row(400, "caller", "Malformed request", "Requête mal formée"),
  "too-many-hops": row(483, "network", "Too many hops", "Trop de sauts"),
  loop: row(482, "network", "Loop detected", "Boucle détectée"),
  "bad-extension": row(420, "caller", "Required extension unknown", "Extension exigée inconnue"),
  "sips-not-secured": row(
    480,
    "network",
    "SIPS without TLS all the way",
    "SIPS sans TLS de bout en bout",
  ),
  "unsupported-scheme": row(416, "caller", "URI scheme unknown", "Type d’URI inconnu"),
  "unsupported-body": row(415, "caller", "Body type unknown", "Type de contenu inconnu"),
  "method-not-allowed": row(405, "caller", "Method not allowed", "Méthode non admise"),
  "no-dialog": row(481, "network", "No such call", "Appel inconnu"),
  "answered-already": row(486, "caller", "Answered already", "Déjà décroché"),
  "ended-already": row(603, "caller", "Ended already", "Déjà terminé"),
  "no-offer": row(488, "caller", "Nobody offers media", "Personne ne propose de média"),
  "bad-sequence": row(500, "network", "CSeq out of order", "CSeq dans le désordre"),
  glare: row(491, "network", "Both sides renegotiate at once", "Renégociation simultanée"),
  "offer-pending": row(
    500,
    "network",
    "An offer is still pending",
    "Une offre est encore en cours",
  ),
  "bad-sdp": row(488, "caller", "SDP not understood", "SDP incompris"),
  "media-not-allowed": row(488, "caller", "Media not allowed", "Média non admis"),
  "media-encryption-not-available": row(
    488,
    "caller",
    "Media encryption not available",
    "Chiffrement du média indisponible",
  ),
  "media-encryption-required": row(
    488,
    "caller",
    "Media encryption required",
    "Chiffrement du média exigé",
  ),
  "sdp-target": row(
    488,
    "caller",
    "SDP points at a forbidden address",
    "Le SDP désigne une adresse interdite",
  ),
  "no-ports": row(503, "gateway", "No media port left", "Plus de port média libre"),
  "media-failed": row(500, "gateway", "Media could not be opened", "Le média n’a pas pu s’ouvrir"),
  "media-encryption-failed": row(
    488,
    "network",
    "Media encryption failed",
    "Échec du chiffrement du média",
  ),
  "media-silent": row(200, "network", "No media for too long", "Absence de média trop longue"),
  "calls-limit": row(
    503,
    "operator",
    "Limit of simultaneous calls reached",
    "Limite d’appels simultanés atteinte",
  ),
  "rate-limit": row(
    503,
    "operator",
    "Limit of calls per second reached",
    "Limite d’appels par seconde atteinte",
  ),
  "destination-not-allowed": row(
    403,
    "operator",
    "Destination not allowed",
    "Destination non admise",
  ),
  "new-country": row(403, "operator", "Country not called before", "Pays jamais appelé auparavant"),
  "minutes-limit": row(403, "operator", "Minutes used up", "Crédit de minutes épuisé"),
  "call-too-long": row(
    200,
    "operator",
    "Longest call duration reached",
    "Durée maximale d’appel atteinte",
  ),
  draining: row(503, "operator", "The gateway is stopping", "La passerelle s’arrête"),
  "no-target": row(
    503,
    "network",
    "Peer has no reachable address",
    "Aucune adresse joignable pour le pair",
  ),
  "redirected-elsewhere": row(
    480,
    "network",
    "Redirected to no peer of the trunk",
    "Redirigé hors des pairs du trunk",
  ),
  unreachable: row(503, "network", "Peer unreachable", "Pair injoignable"),
  "no-response": row(408, "network", "Peer did not respond", "Le pair n’a pas répondu"),
  unacknowledged: row(200, "network", "Answer never acknowledged", "Réponse jamais acquittée"),
  "session-interval": row(
    422,
    "caller",
    "Session interval too small",
    "Intervalle de session trop court",
  ),
  "session-expired": row(200, "network", "Session timer expired", "Minuterie de session échue"),
  "hung-up-by-operator": row(
    200,
    "operator",
    "Ended by an administrator",
    "Terminé par un administrateur",
  ),
  internal: row(500, "gateway", "Internal fault", "Défaut interne"),
} as const satisfies Record<string, EndRow>;

export type EndName = keyof typeof ENDS;

/** One end: `status` is what was or would be sent; a callee's own status is kept as it came. */
export interface End {
  readonly kind: "end";
  readonly name: EndName;
  readonly status: number;
  readonly reason?: string;
  readonly retryAfterS?: number;
  /** What its Warning says to programs (RFC 3261 §20.43); 399 without it. */
  readonly warnCode?: number;
  /** The Min-SE of a 422 (RFC 4028 §6). */
  readonly minSeS?: number;
  /** The extensions of a 420 (RFC 3261 §21.4.15). */
  readonly unsupported?: string;
}

export function end(name: EndName, more: Partial<Omit<End, "kind" | "name">> = {}): End {
  return { kind: "end", name, status: ENDS[name].status, ...more };
}

/** The same as the answer to an INVITE, which a call's good end isn't. */
export const asRefusal = (why: End): End => (why.status >= 300 ? why : { ...why, status: 480 });

export const isEnd = (value: object): value is End => (value as { kind?: unknown }).kind === "end";

function row(status: number, fault: Fault, en: string, fr: string): EndRow {
  return { status, fault, en, fr };
}
