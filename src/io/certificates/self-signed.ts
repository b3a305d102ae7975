import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { parseAddress, Secret } from "#base";
import * as der from "./der.ts";

export interface CertificateRequest {
  /** Whom it names in a list of certificates. */
  readonly commonName: string;
  /** The DNS names it speaks for. */
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A certificate (with its chain) and its key, PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: Secret<string>;
}

const OID = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  commonName: "2.5.4.3",
  subjectKey: "2.5.29.14",
  keyUsage: "2.5.29.15",
  alternativeName: "2.5.29.17",
  constraints: "2.5.29.19",
  extendedUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
};

/** RFC 5280 §4.1: version 3 is written as 2. */
const VERSION_3 = der.tagged(0, der.integer(Buffer.from([2])));
const ALGORITHM = der.sequence(der.identifier(OID.ecdsaWithSha256));

/** A new ECDSA P-256 key and a certificate for it, signed by itself (RFC 5280). */
export function selfSigned(request: CertificateRequest): KeyedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = nameOf(request.commonName);
  const body = der.sequence(
    VERSION_3,
    der.integer(serial()),
    ALGORITHM,
    name,
    der.sequence(der.time(request.notBefore), der.time(request.notAfter)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der.tagged(3, der.sequence(...extensionsOf(request, publicKey))),
  );
  const signature = sign("sha256", body, privateKey);
  return {
    certificate: pem("CERTIFICATE", der.sequence(body, ALGORITHM, der.bits(signature))),
    key: new Secret(String(privateKey.export({ type: "pkcs8", format: "pem" }))),
  };
}

/** 126 bits of chance; the second bit keeps it positive and of full length (RFC 5280 §4.1.2.2). */
function serial(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes;
}

const nameOf = (commonName: string): Buffer =>
  der.sequence(der.set(der.sequence(der.identifier(OID.commonName), der.text(commonName))));

function extensionsOf(request: CertificateRequest, publicKey: KeyObject): Buffer[] {
  const { names = [], addresses = [] } = request;
  const alternatives = [
    ...names.map((name) => der.implicit(2, Buffer.from(name, "latin1"))),
    ...addresses.map((address) => der.implicit(7, addressBytes(address))),
  ];
  const { x, y } = publicKey.export({ format: "jwk" });
  const point = Buffer.from([4, ...Buffer.from(x!, "base64url"), ...Buffer.from(y!, "base64url")]);
  const digitalSignature = der.bits(Buffer.from([0x80]), 7);
  const usages = [OID.serverAuth, OID.clientAuth].map(der.identifier);
  return [
    // Not an authority: with this key nobody can be certified.
    extension(OID.constraints, der.sequence(), true),
    extension(OID.keyUsage, digitalSignature, true),
    extension(OID.extendedUsage, der.sequence(...usages)),
    extension(OID.subjectKey, der.octets(createHash("sha1").update(point).digest())),
    ...(alternatives.length > 0
      ? [extension(OID.alternativeName, der.sequence(...alternatives))]
      : []),
  ];
}

const extension = (oid: string, value: Buffer, critical = false): Buffer =>
  der.sequence(der.identifier(oid), ...(critical ? [der.boolean(true)] : []), der.octets(value));

function addressBytes(address: string): Buffer {
  const bytes = parseAddress(address);
  if (!bytes) throw new TypeError(`${address} is no address`);
  return Buffer.from(bytes);
}

const pem = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${bytes.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;
