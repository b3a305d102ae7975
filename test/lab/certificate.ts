import { join } from "node:path";
import { command } from "./command.ts";

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate that signs itself, for programs that don't make their own. */
export function makeCertificate(folder: string, name: string): CertificateFiles {
  const certificate = join(folder, `${name}.crt`);
  const key = join(folder, `${name}.key`);
  command(
    "openssl",
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "2", "-subj", `/CN=${name}`, "-keyout", key, "-out", certificate],
  );
  return { certificate, key };
}
