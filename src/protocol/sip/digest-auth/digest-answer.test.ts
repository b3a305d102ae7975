import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { type Hash, type Random, Secret } from "#base";
import { Headers, parseCredentials, Request } from "#sip-message";
import { answerableChallenge, answerChallenge, answerDigest } from "./digest-answer.ts";

const hash: Hash = (algorithm, text) => createHash(algorithm).update(text, "latin1").digest("hex");

/** The chance that the RFC's example had. */
const chance = (token: string): Random => ({ token: () => token, integer: () => 0 });

interface Example {
  readonly user: string;
  readonly password: string;
  readonly cnonce: string;
  readonly challenges: readonly string[];
  readonly method?: string;
  readonly uri?: string;
  readonly body?: string;
  readonly realm?: string;
  readonly nonceCount?: number;
}

const questionOf = (example: Example) => ({
  challenges: example.challenges,
  credentials: {
    user: example.user,
    password: new Secret(example.password),
    ...(example.realm === undefined ? {} : { realms: [example.realm] }),
  },
  request: new Request(
    example.method ?? "GET",
    example.uri ?? "/dir/index.html",
    new Headers(),
    example.body ?? "",
  ),
  random: chance(example.cnonce),
  hash,
  ...(example.nonceCount === undefined ? {} : { nonceCount: example.nonceCount }),
});

function answerOf(example: Example): ReadonlyMap<string, string> {
  const answer = answerDigest(questionOf(example));
  assert.ok(answer !== undefined, "the challenge is answered");
  const credentials = parseCredentials(answer);
  assert.equal(credentials?.scheme, "digest");
  return credentials!.params;
}

const MUFASA = {
  user: "Mufasa",
  password: "Circle of Life",
  cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
};

const http = (algorithm: string, more = ""): string =>
  `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
  'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ' +
  `opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"${more}`;

test("RFC 7616 §3.9.1: SHA-256 and MD5", () => {
  const sha256 = answerOf({ ...MUFASA, challenges: [http("SHA-256")] });
  assert.equal(
    sha256.get("response"),
    "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
  );
  const md5 = answerOf({ ...MUFASA, challenges: [http("MD5")] });
  assert.equal(md5.get("response"), "8ca523f5e9506fed4657c9700eebdbec");
});

test("RFC 7616 §3.9.2: SHA-512-256 and UTF-8, as its erratum 4897 has it", () => {
  const answer = answerOf({
    user: "Jäsøn Doe",
    password: "Secret, or not?",
    cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
    uri: "/doe.json",
    challenges: [
      'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, ' +
        'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", ' +
        'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8',
    ],
  });
  assert.equal(
    answer.get("response"),
    "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",
  );
  assert.equal(answer.get("username"), Buffer.from("Jäsøn Doe").toString("latin1"));
});

test("RFC 2617 §3.5", () => {
  const answer = answerOf({
    user: "Mufasa",
    password: "Circle Of Life",
    cnonce: "0a4f113b",
    challenges: [
      'Digest realm="testrealm@host.com", qop="auth,auth-int", ' +
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    ],
  });
  assert.equal(answer.get("response"), "6629fae49393a05397450978507c4ef1");
  assert.ok(!answer.has("algorithm"), "the challenge named none");
});

test("a challenge without qop is answered in the form of RFC 2069", () => {
  const answer = answerOf({
    ...MUFASA,
    challenges: ['Digest realm="r", nonce="n", algorithm=md5'],
  });
  const [a1, a2] = [hash("md5", "Mufasa:r:Circle of Life"), hash("md5", "GET:/dir/index.html")];
  assert.equal(answer.get("response"), hash("md5", `${a1}:n:${a2}`));
  assert.equal(answer.get("algorithm"), "md5", "as the challenger spells it");
  for (const name of ["qop", "nc", "cnonce", "opaque"]) assert.ok(!answer.has(name), name);
});

test("auth-int covers the body, and is used where nothing else is offered", () => {
  const challenges = ['Digest realm="r", nonce="n", qop="auth-int"'];
  const answer = answerOf({
    ...MUFASA,
    cnonce: "c",
    body: "v=0\r\n",
    method: "INVITE",
    challenges,
  });
  const a1 = hash("md5", "Mufasa:r:Circle of Life");
  const a2 = hash("md5", `INVITE:/dir/index.html:${hash("md5", "v=0\r\n")}`);
  assert.equal(answer.get("response"), hash("md5", `${a1}:n:00000001:c:auth-int:${a2}`));
  assert.equal(answer.get("qop"), "auth-int");
  const both = answerOf({
    ...MUFASA,
    challenges: ['Digest realm="r", nonce="n", qop="auth-int,auth"'],
  });
  assert.equal(both.get("qop"), "auth");
});

test("-sess binds the secret to both nonces", () => {
  const challenges = ['Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256-sess'];
  const answer = answerOf({ ...MUFASA, cnonce: "c", challenges });
  const a1 = hash("sha256", `${hash("sha256", "Mufasa:r:Circle of Life")}:n:c`);
  const a2 = hash("sha256", "GET:/dir/index.html");
  assert.equal(answer.get("response"), hash("sha256", `${a1}:n:00000001:c:auth:${a2}`));
  assert.equal(answer.get("algorithm"), "SHA-256-sess");
});

test("of several challenges the one with the strongest hash is answered (RFC 8760)", () => {
  const challenges = [http("MD5"), http("SHA-256"), http("SHA-512-256"), http("SHA3-512")];
  assert.equal(answerOf({ ...MUFASA, challenges }).get("algorithm"), "SHA-512-256");
  assert.equal(
    answerOf({ ...MUFASA, challenges: challenges.slice(0, 2) }).get("algorithm"),
    "SHA-256",
  );
  const twins = ['Digest realm="first", nonce="1"', 'Digest realm="second", nonce="2"'];
  assert.equal(answerOf({ ...MUFASA, challenges: twins }).get("realm"), "first");
});

test("C1: credentials of a realm answer no other", () => {
  const ours = 'Digest realm="operator", nonce="n"';
  const theirs = 'Digest realm="gateway", nonce="n", algorithm=SHA-256';
  const example = { ...MUFASA, realm: "operator" };
  assert.equal(answerDigest(questionOf({ ...example, challenges: [theirs] })), undefined);
  assert.equal(answerOf({ ...example, challenges: [theirs, ours] }).get("realm"), "operator");
  const cased = 'Digest realm="Operator", nonce="n"';
  assert.equal(answerDigest(questionOf({ ...example, challenges: [cased] })), undefined);
});

test("what can't be answered is not", () => {
  for (const challenge of [
    "",
    'Basic realm="r"',
    'Digest realm="r"',
    'Digest nonce="n"',
    'Digest realm="r", nonce="n", algorithm=SHA-1',
    'Digest realm="r", nonce="n", qop="token"',
    'Digest realm="r", nonce="n", nonce="m"',
    'Digest realm="r, nonce="n"',
  ]) {
    assert.equal(
      answerDigest(questionOf({ ...MUFASA, challenges: [challenge] })),
      undefined,
      challenge,
    );
  }
});

test("one challenge is answered again with the next count and no other 401", () => {
  const question = questionOf({ ...MUFASA, challenges: [http("SHA-256")], nonceCount: 2 });
  const challenge = answerableChallenge(question.challenges, question.credentials)!;
  assert.equal(challenge.isStale, false);
  const second = parseCredentials(answerChallenge(challenge, question))!.params;
  assert.equal(second.get("nc"), "00000002");
  const seventeenth = answerChallenge(challenge, { ...question, nonceCount: 17 });
  assert.match(seventeenth, /nc=00000011/);
  assert.notEqual(second.get("response"), parseCredentials(seventeenth)!.params.get("response"));
});

test("a stale nonce is told from a wrong password", () => {
  const challenges = ['Digest realm="r", nonce="n2", stale=TRUE'];
  const { credentials } = questionOf({ ...MUFASA, challenges });
  assert.equal(answerableChallenge(challenges, credentials)?.isStale, true);
});

test("what is quoted and what is not (RFC 7616 §3.4), whatever the realm holds", () => {
  const text = answerDigest(
    questionOf({
      ...MUFASA,
      cnonce: "c",
      challenges: ['Digest realm="a \\"b\\", c", nonce="n", qop="auth", algorithm=MD5'],
    }),
  );
  assert.equal(
    text?.replace(/response="[0-9a-f]{32}"/, "response"),
    'Digest username="Mufasa", realm="a \\"b\\", c", nonce="n", uri="/dir/index.html", response, ' +
      'algorithm=MD5, qop=auth, nc=00000001, cnonce="c"',
  );
});

test("a password never shows", () => {
  const question = questionOf({ ...MUFASA, challenges: [http("MD5")] });
  assert.ok(!answerDigest(question)!.includes("Circle"));
  assert.ok(!JSON.stringify(question.credentials).includes("Circle"));
});
