import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { selfSigned } from "#certificates";

const PROGRAM = join(import.meta.dirname, "../../bin/passerelle");
const folder = mkdtempSync(join(tmpdir(), "passerelle-run-"));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** A gateway that runs, and all that it has printed. */
class Running {
  text = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #look: () => void = () => {};

  constructor(args: readonly string[]) {
    this.#child = spawn(PROGRAM, [
      "run",
      "--data",
      join(folder, `data${children.length}`),
      ...args,
    ]);
    children.push(this.#child);
    const take = (bytes: Buffer) => {
      this.text += bytes;
      this.#look();
    };
    this.#child.stdout?.on("data", take);
    this.#child.stderr?.on("data", take);
    this.#ended = new Promise((resolve) => {
      this.#child.on("exit", (code) => {
        resolve(code);
        this.#look();
      });
    });
  }

  /** Resolves when the text matches; rejects when the program ends before. */
  until(pattern: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#look = () => {
        if (pattern.test(this.text)) resolve();
        else if (this.#child.exitCode !== null) reject(new Error(`ended; it printed ${this.text}`));
      };
      this.#look();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  ended(): Promise<number | null> {
    return this.#ended;
  }

  stop(): Promise<number | null> {
    this.signal("SIGINT");
    return this.#ended;
  }
}

const settingsWith = (more: string): string => `
securedInterface: no
publicLocal: { address: 127.0.0.1, plainPort: 15960 }
privateLocal: { address: 127.0.0.1, plainPort: 15962 }
pbx: { host: 127.0.0.1, port: 15970, optionsIntervalS: 0 }
${more}
`;

test("without settings a trial call goes through with all its audio, and Ctrl-C ends cleanly", async () => {
  const gateway = new Running([]);
  await gateway.until(/trial: then call/);
  assert.match(gateway.text, /the call went through: set up in [\d.]+ ms/);
  assert.match(gateway.text, /audio 150 packets to the PBX, 150 back, 0 lost/);
  assert.match(gateway.text, /account 101 \(password \w+\)/);
  assert.equal(await gateway.stop(), 0);
  assert.match(gateway.text, /stopped: no call left/);
});

test("SIGHUP applies changed settings, and keeps the old ones when the new are wrong", async () => {
  const file = join(folder, "settings.yaml");
  writeFileSync(file, settingsWith(""));
  const gateway = new Running(["--settings", file]);
  await gateway.until(/ready/);
  writeFileSync(file, settingsWith("rtp: { portMin: 30000, portMax: 30099 }"));
  gateway.signal("SIGHUP");
  await gateway.until(/settings applied: .*port/);
  writeFileSync(file, settingsWith("rtp: { portMin: 99, portMax: 30099 }"));
  gateway.signal("SIGHUP");
  await gateway.until(/settings stay as they were/);
  assert.match(gateway.text, /rtp\.portMin.*99.*1024/);
  assert.equal(await gateway.stop(), 0);
});

test("a port that is taken is named, and nothing runs", async () => {
  const file = join(folder, "taken.yaml");
  writeFileSync(file, settingsWith(""));
  const first = new Running(["--settings", file]);
  await first.until(/ready/);
  const second = new Running(["--settings", file]);
  await second.until(/127\.0\.0\.1:15960.*EADDRINUSE/);
  assert.equal(await second.ended(), 1);
  assert.equal(await first.stop(), 0);
});

test("a certificate that isn't there and ports that are taken are told together", async () => {
  const file = join(folder, "one.yaml");
  writeFileSync(file, settingsWith(""));
  const first = new Running(["--settings", file]);
  await first.until(/ready/);
  const wrong = join(folder, "wrong.yaml");
  const tls = "tls: { certificateFile: /nowhere.crt, keyFile: /nowhere.key }";
  writeFileSync(wrong, settingsWith(tls));
  const second = new Running(["--settings", wrong]);
  assert.equal(await second.ended(), 1);
  assert.match(second.text, /^tls\.certificateFile: \/nowhere\.crt: cannot be read \(ENOENT\)/m);
  assert.match(second.text, /^tls\.keyFile: \/nowhere\.key: cannot be read/m);
  assert.match(second.text, /^passerelle: public udp 127\.0\.0\.1:15960: .*EADDRINUSE/m);
  assert.match(second.text, /^passerelle: private tcp 127\.0\.0\.1:15962: .*EADDRINUSE/m);
  assert.equal(await first.stop(), 0);
});

test("a certificate that has run out is a warning: calls by UDP and TCP need none", async () => {
  const day = 86_400_000;
  const { certificate, key } = selfSigned({
    commonName: "old",
    notBefore: new Date(Date.now() - 2 * day),
    notAfter: new Date(Date.now() - day),
  });
  const [certificateFile, keyFile] = [join(folder, "old.crt"), join(folder, "old.key")];
  writeFileSync(certificateFile, certificate);
  writeFileSync(keyFile, key.reveal());
  const file = join(folder, "old.yaml");
  writeFileSync(
    file,
    settingsWith(`tls: { certificateFile: ${certificateFile}, keyFile: ${keyFile} }`),
  );
  const gateway = new Running(["--settings", file]);
  await gateway.until(/ready/);
  assert.match(gateway.text, /warning: tls\.certificateFile: .*valid only from/);
  assert.equal(await gateway.stop(), 0);
});
