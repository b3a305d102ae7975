export { answerDigest, type DigestCredentials, type DigestQuestion } from "./digest-answer.ts";
