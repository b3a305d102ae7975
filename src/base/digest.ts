/** A hash as an argument (node:crypto lives in `io`): the lower-case hex digest of a latin1 text. */
export type Hash = (algorithm: "md5" | "sha256" | "sha512-256", text: string) => string;
