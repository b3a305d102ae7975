import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { selfSigned } from "./self-signed.ts";

const request = {
  commonName: "defaultGW",
  names: ["sip.example.org"],
  addresses: ["192.0.2.1", "2001:db8::1"],
  notBefore: new Date("2026-01-02T03:04:05Z"),
  notAfter: new Date("2027-01-02T03:04:05Z"),
};

test("a certificate says what was asked, in the words of another reader", () => {
  const { certificate, key } = selfSigned(request);
  const read = new X509Certificate(certificate);
  assert.equal(read.subject, "CN=defaultGW");
  assert.equal(read.issuer, "CN=defaultGW");
  assert.equal(
    read.subjectAltName,
    "DNS:sip.example.org, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1",
  );
  assert.equal(new Date(read.validFrom).getTime(), request.notBefore.getTime());
  assert.equal(new Date(read.validTo).getTime(), request.notAfter.getTime());
  assert.equal(read.ca, false);
  assert.deepEqual(read.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  assert.equal(read.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  assert.ok(read.verify(read.publicKey), "the signature holds");
  assert.ok(read.checkPrivateKey(createPrivateKey(key.reveal())), "the key belongs to it");
});

test("two certificates share neither key nor serial number", () => {
  const [one, other] = [selfSigned(request), selfSigned(request)].map(
    ({ certificate }) => new X509Certificate(certificate),
  );
  assert.notEqual(one!.serialNumber, other!.serialNumber);
  assert.notEqual(one!.fingerprint256, other!.fingerprint256);
});

test("an end after 2049 is written with four digits of year", () => {
  const notAfter = new Date("2051-06-07T08:09:10Z");
  const read = new X509Certificate(selfSigned({ ...request, notAfter }).certificate);
  assert.equal(new Date(read.validTo).getTime(), notAfter.getTime());
});

test("a long name needs a long length", () => {
  const names = Array.from({ length: 40 }, (_, i) => `host-${i}.some-long-domain.example.org`);
  const read = new X509Certificate(selfSigned({ ...request, names }).certificate);
  assert.ok(read.subjectAltName?.includes(`DNS:${names[39]}`));
});

test("a client that trusts it shakes hands", async () => {
  const { certificate, key } = selfSigned({
    ...request,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 60_000),
  });
  const server = createServer({ cert: certificate, key: key.reveal() });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client: TLSSocket = connect({
    host: "127.0.0.1",
    port,
    ca: certificate,
    servername: "sip.example.org",
  });
  await once(client, "secureConnect");
  assert.equal(client.authorized, true);
  client.destroy();
  server.close();
  await once(server, "close");
});
