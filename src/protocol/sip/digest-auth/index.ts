export type { DigestAlgorithm } from "./algorithm.ts";
export {
  answerableChallenge,
  answerChallenge,
  answerDigest,
  type DigestAnswer,
  type DigestCredentials,
  type DigestQuestion,
} from "./digest-answer.ts";
export { type DigestChallenge, digestChallenges, readDigestChallenge } from "./digest-challenge.ts";
export { checkDigest, type DigestCheck, type DigestVerdict } from "./digest-check.ts";
export { createNonce, type NonceKey } from "./nonce.ts";
export { NonceCounts } from "./nonce-counts.ts";
export { openChallenges, withProof } from "./proofs.ts";
