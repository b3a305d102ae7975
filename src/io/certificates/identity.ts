import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { Secret } from "#base";
import type { KeyedCertificate } from "./self-signed.ts";

/** A certificate that was checked: what an operator wants to see of it, and what TLS needs. */
export interface Identity extends KeyedCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** As Node prints them: `DNS:sip.example.org, IP Address:192.0.2.1`. */
  readonly names: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SHA-256, in pairs of hex digits. */
  readonly fingerprint: string;
}

/** Why a certificate can't be used; `field` says which of the operator's two texts is to blame. */
export class CertificateError extends Error {
  override name = "CertificateError";
  readonly field: "certificate" | "key";

  constructor(field: "certificate" | "key", why: string) {
    super(why);
    this.field = field;
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Reads a certificate with its chain and the key that belongs to it. Throws a CertificateError.
 * That it has expired is no error here: see `isCurrent`.
 */
export function readIdentity(
  certificatePem: string,
  keyPem: string,
  passphrase?: string,
): Identity {
  const [certificate, ...chain] = readCertificates(certificatePem);
  const key = readKey(keyPem, passphrase);
  if (!certificate) throw new CertificateError("certificate", "there is no PEM certificate in it");
  if (!certificate.checkPrivateKey(key)) {
    throw new CertificateError("key", "the key does not belong to the certificate");
  }
  return {
    certificate: [certificate, ...chain].map(String).join(""),
    key: new Secret(String(key.export({ type: "pkcs8", format: "pem" }))),
    subject: certificate.subject ?? "",
    issuer: certificate.issuer,
    names: certificate.subjectAltName ?? "",
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    fingerprint: certificate.fingerprint256,
  };
}

export const isCurrent = ({ notBefore, notAfter }: Identity, at: Date): boolean =>
  notBefore <= at && at < notAfter;

function readCertificates(pem: string): X509Certificate[] {
  return (pem.match(CERTIFICATE) ?? []).map((text, index) => {
    try {
      return new X509Certificate(text);
    } catch {
      throw new CertificateError("certificate", `certificate ${index + 1} can't be read`);
    }
  });
}

function readKey(pem: string, passphrase: string | undefined): KeyObject {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw new CertificateError("key", "there is no PEM private key in it");
  }
  try {
    return createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) });
  } catch {
    const locked = /ENCRYPTED/.test(pem);
    const why = locked ? "it is encrypted, and the passphrase doesn't open it" : "it can't be read";
    throw new CertificateError("key", why);
  }
}
