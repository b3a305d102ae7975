export { DEFAULT_NAME, type DefaultIdentityOptions, defaultIdentity } from "./default-identity.ts";
export { CertificateError, type Identity, isCurrent, readIdentity } from "./identity.ts";
export { type CertificateRequest, type KeyedCertificate, selfSigned } from "./self-signed.ts";
