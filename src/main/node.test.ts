import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, mock, type TestContext, test } from "node:test";
import { createServer, connect as tlsConnect } from "node:tls";
import { type KeyedCertificate, selfSigned } from "#certificates";
import type { Fact } from "#facts";
import { type Settings, validateSettings } from "#settings";
import { GatewayNode } from "./node.ts";

const folder = mkdtempSync(join(tmpdir(), "passerelle-node-"));
after(() => rmSync(folder, { recursive: true }));

const DAY_MS = 86_400_000;
const PUBLIC_TLS_PORT = 15_983;

const settingsOf = (more: object = {}): Settings => {
  const { settings, errors } = validateSettings({
    publicLocal: { address: "127.0.0.1", tlsPort: PUBLIC_TLS_PORT },
    privateLocal: { address: "127.0.0.1", tlsPort: 15_984 },
    pbx: { host: "127.0.0.1", port: 15_985, optionsIntervalS: 0 },
    ...more,
  });
  assert.deepEqual(errors, undefined);
  return settings!;
};

/** Lets a test wait for a line or a fact instead of a time. */
class Witness {
  #waiting: { fits: (what: string) => boolean; resolve: () => void }[] = [];

  readonly log = (line: string): void => this.#tell(line);
  readonly fact = ({ kind }: Fact): void => this.#tell(kind);

  /** Resolves with the next thing told that fits. */
  next(pattern: RegExp): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ fits: (what) => pattern.test(what), resolve });
    });
  }

  #tell(what: string): void {
    for (const each of this.#waiting) if (each.fits(what)) each.resolve();
    this.#waiting = this.#waiting.filter((each) => !each.fits(what));
  }
}

async function started(context: TestContext, settings: Settings, data: string) {
  const witness = new Witness();
  const node = await GatewayNode.start(settings, data, witness);
  context.after(() => node.close());
  return { node, witness };
}

/** The fingerprint of what the public side shows. */
async function shown(): Promise<string> {
  const peer = tlsConnect({ host: "127.0.0.1", port: PUBLIC_TLS_PORT, rejectUnauthorized: false });
  await once(peer, "secureConnect");
  const { fingerprint256 } = peer.getPeerCertificate();
  peer.destroy();
  return fingerprint256;
}

test("the default certificate is looked at every day, and a failure leaves the old one", async (context) => {
  mock.timers.enable({ apis: ["setInterval"] });
  context.after(() => mock.timers.reset());
  const data = join(folder, "renewal");
  const { witness } = await started(context, settingsOf(), data);
  const path = join(data, "defaultGW.pem");
  assert.equal(statSync(data).mode & 0o777, 0o700);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const first = await shown();

  // One that serves no longer: it ends before the next month.
  const [now, hour] = [Date.now(), 3_600_000];
  const ending = selfSigned({
    commonName: "defaultGW",
    notBefore: new Date(now - hour),
    notAfter: new Date(now + DAY_MS),
  });
  writeFileSync(path, ending.certificate + ending.key.reveal());
  const renewed = witness.next(/a new certificate is in service/);
  mock.timers.tick(DAY_MS);
  await renewed;
  const second = await shown();
  assert.notEqual(second, first);

  rmSync(path);
  mkdirSync(path);
  const failed = witness.next(/certificates stay as they were: .*defaultGW/);
  mock.timers.tick(DAY_MS);
  await failed;
  assert.equal(await shown(), second);
});

/** An operator that speaks TLS with a certificate of this name; resolves with what it reads first. */
async function operator(context: TestContext, { certificate, key }: KeyedCertificate) {
  const server = createServer({ cert: certificate, key: key.reveal() });
  const read = new Promise<string>((resolve) => {
    server.on("secureConnection", (socket) => {
      socket.on("error", () => {});
      socket.once("data", (bytes) => resolve(String(bytes)));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, read };
}

const certificateOf = (name: string): KeyedCertificate =>
  selfSigned({
    commonName: name,
    names: [name],
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 3_600_000),
  });

for (const [bears, verifyCertificate, heard] of [
  ["localhost", "yes", true],
  ["other.example", "yes", false],
  ["other.example", "no", true],
] as const) {
  const outcome = heard ? "is asked for its health" : "counts as down";
  test(`a peer by name with the certificate of ${bears}, verified: ${verifyCertificate}, ${outcome}`, async (context) => {
    const certificate = certificateOf(bears);
    const { port, read } = await operator(context, certificate);
    const authoritiesFile = join(folder, `${bears}-${verifyCertificate}.pem`);
    writeFileSync(authoritiesFile, certificate.certificate);
    const trunk = {
      name: "op",
      peers: [{ host: "localhost", port, transport: "tls" }],
      verifyCertificate,
      optionsIntervalS: 1,
      optionsMissesMax: 1,
    };
    const settings = settingsOf({ tls: { authoritiesFile }, trunks: [trunk] });
    const { witness } = await started(context, settings, join(folder, "data"));
    const down = witness.next(/^peer-down$/).then(() => "peer-down");
    const first = await Promise.race([read, down]);
    assert.match(first, heard ? /^OPTIONS / : /^peer-down$/);
  });
}

test("a peer that closes the connection instead of answering is told of at once", {
  timeout: 20_000,
}, async (context) => {
  const server = createTcpServer((socket) => socket.once("data", () => socket.end()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const peers = [{ host: "127.0.0.1", port, transport: "tcp" }];
  const trunk = { name: "op", peers, optionsIntervalS: 1, optionsMissesMax: 1 };
  const publicLocal = { address: "127.0.0.1", tlsPort: PUBLIC_TLS_PORT, plainPort: 15_986 };
  const plain = { publicLocal, publicProtocols: "tls+udp/tcp" };
  const settings = settingsOf({ ...plain, trunks: [trunk] });
  const { witness } = await started(context, settings, join(folder, "data"));
  await witness.next(/^peer-down$/);
});

test("a call to a PBX whose UDP port is closed is refused at once (RFC 3261 §18.4)", {
  timeout: 20_000,
}, async (context) => {
  const operator = createSocket("udp4").bind(0, "127.0.0.1");
  await once(operator, "listening");
  context.after(() => operator.close());
  const { port } = operator.address();
  const settings = settingsOf({
    securedInterface: "no",
    publicLocal: { address: "127.0.0.1", plainPort: 15_986 },
    privateLocal: { address: "127.0.0.1", plainPort: 15_987 },
    pbx: { host: "127.0.0.1", port: 15_985, transport: "udp", optionsIntervalS: 0 },
    trunks: [{ name: "op", peers: [{ host: "127.0.0.1", port }], optionsIntervalS: 0 }],
  });
  await started(context, settings, join(folder, "closed"));
  const sdp =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n";
  const invite = [
    "INVITE sip:4001@127.0.0.1:15986 SIP/2.0",
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bKclosed;rport`,
    "Max-Forwards: 70",
    "From: <sip:1@127.0.0.1>;tag=a",
    "To: <sip:4001@127.0.0.1>",
    "Call-ID: closed@127.0.0.1",
    "CSeq: 1 INVITE",
    `Contact: <sip:1@127.0.0.1:${port}>`,
    "Content-Type: application/sdp",
    `Content-Length: ${sdp.length}`,
  ];
  operator.send(`${invite.join("\r\n")}\r\n\r\n${sdp}`, 15_986, "127.0.0.1");
  let answer = "";
  while (!/^SIP\/2.0 [2-6]/.test(answer)) answer = String((await once(operator, "message"))[0]);
  assert.match(answer, /^SIP\/2.0 503 /);
});

test("a flood of what is no message is summed up in the log", async () => {
  const lines: string[] = [];
  let malformed = 0;
  const plain = { publicLocal: { address: "127.0.0.1", plainPort: 15_986 } };
  const settings = settingsOf({
    ...plain,
    securedInterface: "no",
    privateLocal: { address: "127.0.0.1", plainPort: 15_987 },
  });
  const socket = createSocket("udp4");
  const node = await new Promise<GatewayNode>((resolve, reject) => {
    const said = (): void => socket.send("INVITE nothing SIP/9.0\r\n\r\n", 15_987, "127.0.0.1");
    const started = GatewayNode.start(settings, join(folder, "flood"), {
      log: (line) => lines.push(line),
      fact: ({ kind }) => {
        if (kind !== "malformed") return;
        if (++malformed < 100) said();
        else started.then(resolve, reject);
      },
    });
    started.then(said, reject);
  });
  socket.close();
  await node.close();
  const told = lines.filter((line) => line.includes("not understood"));
  assert.equal(told.length, 21);
  assert.match(
    told.at(-1)!,
    /^80 more: messages from 127\.0\.0\.1 \(private, udp\) not understood/,
  );
});

test("where media must go by the kernel and can't, nothing starts, and the reason is told", async () => {
  const settings = settingsOf({ media: { kernel: "required" } });
  const start = GatewayNode.start(settings, mkdtempSync(join(folder, "kernel-")), {
    log: () => {},
  });
  await assert.rejects(start, /^Error: media\.kernel is required, but /);
});

test("a second gateway on the same data directory ends, and leaves the first one alone", async (context) => {
  const data = mkdtempSync(join(folder, "shared-"));
  const { node } = await started(context, settingsOf(), data);
  const other = settingsOf({
    publicLocal: { address: "127.0.0.1", tlsPort: 15_996 },
    privateLocal: { address: "127.0.0.1", tlsPort: 15_997 },
  });
  const { log } = new Witness();
  await assert.rejects(GatewayNode.start(other, data, { log }), /in use by another gateway/);
  assert.deepEqual(await node.plane.counters(), []);
  assert.notEqual(node.plane.pid, undefined);
});
