import { constants } from "node:crypto";
import {
  type ConnectionOptions,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type TlsOptions,
} from "node:tls";
import { canonicalAddress } from "#base";
import type { TlsSettings } from "./configuration.ts";

const contextOptions = ({ certificate, key, ca, minVersion }: TlsSettings) => ({
  cert: certificate,
  key: key.reveal(),
  ...(ca !== undefined && { ca }),
  minVersion,
  // A renegotiation costs us more than the peer, and may change who the peer is.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
});

/** Throws, in OpenSSL's words, when certificate, key and authorities don't fit together. */
export const contextOf = (settings: TlsSettings): SecureContext =>
  createSecureContext(contextOptions(settings));

/** How we let others connect. */
export const serverOptions = (settings: TlsSettings): TlsOptions => ({
  ...contextOptions(settings),
  requestCert: settings.mutual === true,
  rejectUnauthorized: settings.mutual === true,
});

/** How we connect to a peer that should bear `serverName`. */
export function clientOptions(
  settings: TlsSettings,
  secureContext: SecureContext,
  serverName: string | undefined,
): ConnectionOptions {
  const verify = settings.verify ?? "name";
  const named = verify === "name" && serverName !== undefined;
  return {
    secureContext,
    // An address is no server name (RFC 6066 §3).
    ...(serverName !== undefined && !canonicalAddress(serverName) && { servername: serverName }),
    rejectUnauthorized: named || verify === "chain",
    checkServerIdentity: (_host, certificate) =>
      named ? nameError(serverName, certificate, settings.wildcards === true) : undefined,
  };
}

/** The system's word, as for a certificate of the wrong name found by Node. */
const WRONG_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";

function nameError(name: string, peer: PeerCertificate, wildcards: boolean): Error | undefined {
  if (bearsName(peer, name, wildcards)) return undefined;
  return Object.assign(new Error(`the certificate does not bear the name ${name}`), {
    code: WRONG_NAME,
  });
}

/**
 * Whether a certificate speaks for a SIP domain (RFC 5922 §7.1): by a URI `sip:domain`; without
 * any such, by a DNS name; without any alternative name, by its common name.
 */
export function bearsName(
  peer: Partial<Pick<PeerCertificate, "subjectaltname" | "subject">>,
  name: string,
  wildcards = false,
): boolean {
  const wanted = name.toLowerCase().replace(/\.$/, "");
  const names = alternativeNames(peer.subjectaltname ?? "");
  const address = canonicalAddress(wanted);
  if (address !== undefined) {
    return names.some((n) => n.kind === "IP Address" && canonicalAddress(n.value) === address);
  }
  const uris = names.filter((n) => n.kind === "URI" && n.value.startsWith("sip:"));
  if (uris.length > 0) return uris.some((uri) => uri.value.slice("sip:".length) === wanted);
  const dns = names.filter((n) => n.kind === "DNS").map((n) => n.value);
  const offered = names.length > 0 ? dns : [String(peer.subject?.CN ?? "").toLowerCase()];
  return offered.some((each) => each === wanted || (wildcards && coversName(each, wanted)));
}

/** A star stands for exactly one whole label, the leftmost, above two others (RFC 6125 §6.4.3). */
function coversName(pattern: string, name: string): boolean {
  if (!pattern.startsWith("*.") || pattern.split(".").length < 3) return false;
  return name.slice(name.indexOf(".")) === pattern.slice(1) && name.includes(".");
}

/** Node prints alternative names as `DNS:a, URI:b`, and quotes a value that could confuse. */
function alternativeNames(text: string): { kind: string; value: string }[] {
  const entries = text.match(/[^,"]*(?:"(?:[^"\\]|\\.)*"[^,"]*)*/g) ?? [];
  return entries.flatMap((entry) => {
    const at = entry.indexOf(":");
    if (at < 0 || entry.includes('"')) return [];
    return [
      {
        kind: entry.slice(0, at).trim(),
        value: entry
          .slice(at + 1)
          .trim()
          .toLowerCase(),
      },
    ];
  });
}
