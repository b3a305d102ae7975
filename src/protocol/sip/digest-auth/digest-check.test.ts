import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { after, type Hash, type Instant, instant, Secret, seededRandom } from "#base";
import { Headers, Request } from "#sip-message";
import { answerDigest } from "./digest-answer.ts";
import { digestChallenges } from "./digest-challenge.ts";
import { checkDigest, type DigestCheck, type DigestVerdict } from "./digest-check.ts";
import { areSame, createNonce, nonceTime } from "./nonce.ts";
import { NonceCounts } from "./nonce-counts.ts";

const hash: Hash = (algorithm, text) => createHash(algorithm).update(text, "latin1").digest("hex");

const START = instant(1_700_000_000_000);
const random = seededRandom(3);

const check: DigestCheck = {
  secret: new Secret("only the gateway knows"),
  realm: "gateway.example",
  hash,
  nonceAgeMaxMs: 60_000,
  algorithms: ["SHA-256", "MD5"],
  passwordOf: (user) => (user === "alice" ? new Secret("pässword") : undefined),
};

const register = (uri = "sip:gateway.example"): Request =>
  new Request("REGISTER", uri, new Headers());

interface Attempt {
  readonly user?: string;
  readonly password?: string;
  readonly nonce?: string;
  readonly algorithms?: DigestCheck["algorithms"];
  readonly request?: Request;
  readonly nonceCount?: number;
}

function answer(attempt: Attempt = {}): string {
  const nonce = attempt.nonce ?? createNonce(check, START, random);
  const text = answerDigest({
    challenges: digestChallenges(check.realm, nonce, attempt.algorithms ?? check.algorithms),
    credentials: {
      user: attempt.user ?? "alice",
      password: new Secret(attempt.password ?? "pässword"),
    },
    request: attempt.request ?? register(),
    random,
    hash,
    nonceCount: attempt.nonceCount ?? 1,
  });
  assert.ok(text !== undefined);
  return text;
}

const judged = (value: string, now: Instant = START, request = register()): DigestVerdict =>
  checkDigest([value], request, check, now);

test("who knows the password is right, with either hash", () => {
  for (const algorithm of check.algorithms) {
    const verdict = judged(answer({ algorithms: [algorithm], nonceCount: 5 }));
    assert.equal(verdict.kind, "right", algorithm);
    assert.equal(verdict.kind === "right" && verdict.user, "alice");
    assert.equal(verdict.kind === "right" && verdict.nonceCount, 5);
  }
});

test("C3: a wrong password and an unknown user give the same verdict", () => {
  const wrong = judged(answer({ password: "guess" }));
  const unknown = judged(answer({ user: "bob" }));
  assert.equal(wrong.kind, "wrong");
  assert.equal(unknown.kind, "wrong");
  const guessed = judged(answer({ user: "bob", password: check.secret.reveal() }));
  assert.equal(guessed.kind, "wrong", "nobody is who doesn't exist");
});

test("the strongest hash asked for comes first, and one not asked for is refused", () => {
  const [first, second] = digestChallenges("r", "n", ["SHA-256", "MD5"]);
  assert.equal(first, 'Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"');
  assert.match(second!, /algorithm=MD5/);
  const strict = { ...check, algorithms: ["SHA-256"] } as const;
  assert.equal(
    checkDigest([answer({ algorithms: ["MD5"] })], register(), strict, START).kind,
    "malformed",
  );
});

test("C2: an old nonce, another's or a forged one is stale", () => {
  const nonce = createNonce(check, START, random);
  assert.equal(judged(answer({ nonce }), after(START, 60_000)).kind, "right");
  assert.equal(judged(answer({ nonce }), after(START, 60_001)).kind, "stale");
  const other = createNonce({ ...check, realm: "other" }, START, random);
  assert.equal(judged(answer({ nonce: other })).kind, "stale");
  const later = nonce.replace(/^[^.]+/, (START + 1e9).toString(36));
  assert.equal(judged(answer({ nonce: later })).kind, "stale");
  assert.equal(judged(answer({ nonce: "made-up" })).kind, "stale");
  assert.match(digestChallenges("r", "n", ["MD5"], true)[0]!, /stale=true/);
});

test("C2: a nonce made for one place is none from another", () => {
  const home = { ...check, place: "public 198.51.100.7" };
  const value = answer({ nonce: createNonce(home, START, random) });
  const judgedAt = (at: DigestCheck): string => checkDigest([value], register(), at, START).kind;
  assert.equal(judgedAt(home), "right");
  assert.equal(judgedAt({ ...check, place: "public 203.0.113.5" }), "stale");
  assert.equal(judgedAt(check), "stale");
});

test("C3: an unknown user costs as much work as a known one, and says as little", () => {
  const work = (user: string): number[] => {
    const lengths: number[] = [];
    const counted: Hash = (algorithm, text) => {
      lengths.push(text.length);
      return hash(algorithm, text);
    };
    const value = answer({ user, password: "guess", nonce: createNonce(check, START, random) });
    const verdict = checkDigest([value], register(), { ...check, hash: counted }, START);
    assert.deepEqual(verdict, { kind: "wrong", user });
    return lengths;
  };
  const [known, unknown] = [work("alice"), work("bobby")];
  assert.equal(known.length, unknown.length);
  // The hashes are of blocks of 64 bytes: what differs is the length of the secret alone.
  const blocks = (lengths: number[]): number[] => lengths.map((length) => (length + 9) >> 6);
  assert.deepEqual(blocks(known), blocks(unknown));
});

test("a nonce tells when it was made, and no two are the same", () => {
  const [one, two] = [createNonce(check, START, random), createNonce(check, START, random)];
  assert.notEqual(one, two);
  assert.equal(nonceTime(check, one), START);
  assert.equal(nonceTime({ ...check, secret: new Secret("other") }, one), undefined);
});

test("an answer for another address, method or realm is no answer", () => {
  const other = register("sip:elsewhere.example");
  assert.equal(judged(answer(), START, other).kind, "malformed");
  const invite = new Request("INVITE", "sip:gateway.example", new Headers());
  assert.equal(judged(answer(), START, invite).kind, "wrong");
  const foreign = answer().replace("gateway.example", "other.example");
  assert.equal(judged(foreign).kind, "absent");
  assert.equal(checkDigest([], register(), check, START).kind, "absent");
});

test("the same address in other words is the same", () => {
  const spelt = answer({ request: register("sip:GATEWAY.example") });
  assert.equal(judged(spelt).kind, "right");
});

test("A6: what is malformed is said to be", () => {
  const good = answer();
  for (const bad of [
    "Digest",
    "Digest ",
    `${good}, ${good}`,
    good.replace(/nc=\d+/, "nc=1"),
    good.replace(/nc=\d+/, "nc=-0000001"),
    good.replace("qop=auth", "qop=auth-int"),
    good.replace(/username="alice", /, ""),
    good.replace(/cnonce="\w+"/, 'cnonce="'),
    good.replace("algorithm=SHA-256", "algorithm=SHA-256-sess"),
  ]) {
    assert.notEqual(judged(bad).kind, "right", bad);
    assert.doesNotThrow(() => judged(bad));
  }
});

test("C2: a count is accepted once, and only upwards", () => {
  const counts = new NonceCounts(2);
  assert.deepEqual(
    [1, 1, 3, 2, 4, 0].map((count) => counts.accepts("n", count)),
    [true, false, true, false, true, false],
  );
  assert.ok(counts.accepts("m", 1));
  assert.ok(counts.accepts("o", 1));
  assert.ok(!counts.accepts("o", 1));
});

test("the comparison takes every character into account", () => {
  assert.ok(areSame("abc", "abc"));
  for (const other of ["abd", "bbc", "ab", "abcd", ""]) assert.ok(!areSame(other, "abc"), other);
});
