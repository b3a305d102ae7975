import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { test } from "node:test";
import { isCurrent, readIdentity } from "./identity.ts";
import { selfSigned } from "./self-signed.ts";

const make = (commonName: string) =>
  selfSigned({
    commonName,
    notBefore: new Date("2026-01-01T00:00:00Z"),
    notAfter: new Date("2027-01-01T00:00:00Z"),
  });

const { certificate, key } = make("one");
const other = make("two");

const refuses = (run: () => unknown, field: string, why: RegExp): void => {
  assert.throws(run, (error: Error & { field?: string }) => {
    assert.equal(error.name, "CertificateError");
    assert.equal(error.field, field);
    assert.match(error.message, why);
    return true;
  });
};

test("a pair is read, with what an operator wants to see", () => {
  const identity = readIdentity(certificate, key.reveal());
  assert.equal(identity.subject, "CN=one");
  assert.match(identity.fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  assert.equal(String(identity.key), "•••");
  assert.ok(isCurrent(identity, new Date("2026-06-01T00:00:00Z")));
  assert.ok(!isCurrent(identity, new Date("2027-01-01T00:00:00Z")));
  assert.ok(!isCurrent(identity, new Date("2025-12-31T23:59:59Z")));
});

test("a chain is kept in its order, without what stands around it", () => {
  const chain = `Bag Attributes\n${certificate}subject=CN = two\n${other.certificate}`;
  assert.equal(readIdentity(chain, key.reveal()).certificate, certificate + other.certificate);
});

test("the key must belong to the first certificate", () =>
  refuses(() => readIdentity(certificate, other.key.reveal()), "key", /does not belong/));

test("texts of another kind are refused by name", () => {
  refuses(() => readIdentity("hello", key.reveal()), "certificate", /no PEM certificate/);
  refuses(() => readIdentity(certificate, certificate), "key", /no PEM private key/);
  const damaged = certificate.replace(/\n.{20}/, "\nAAAAAAAAAAAAAAAAAAAA");
  refuses(() => readIdentity(damaged, key.reveal()), "certificate", /certificate 1 can't be read/);
});

test("an encrypted key opens with its passphrase only", () => {
  const locked = String(
    createPrivateKey(key.reveal()).export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: "open sesame",
    }),
  );
  assert.equal(readIdentity(certificate, locked, "open sesame").subject, "CN=one");
  refuses(() => readIdentity(certificate, locked, "wrong"), "key", /passphrase/);
  refuses(() => readIdentity(certificate, locked), "key", /passphrase/);
});
