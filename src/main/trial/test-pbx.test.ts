import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { Secret } from "#base";
import { secureRandom, systemHash } from "#io";
import { answerDigest } from "#sip";
import { Headers, parseMessageText, printMessage, Request, type Response } from "#sip-message";
import { TestPbx } from "./test-pbx.ts";

const PBX_PORT = 15_791;

/** A telephone's REGISTERs, one after the other, and their answers. */
async function telephone() {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  let cseq = 0;
  const register = async (authorization?: string): Promise<Response> => {
    const headers = new Headers();
    headers.add("via", `SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${++cseq};rport`);
    headers.add("from", "<sip:101@127.0.0.1>;tag=a");
    headers.add("to", "<sip:101@127.0.0.1>");
    headers.add("call-id", "registration");
    headers.add("cseq", `${cseq} REGISTER`);
    headers.add("contact", `<sip:101@127.0.0.1:${port}>`);
    headers.add("max-forwards", "70");
    if (authorization !== undefined) headers.add("authorization", authorization);
    const request = new Request("REGISTER", "sip:127.0.0.1", headers);
    socket.send(Buffer.from(printMessage(request), "latin1"), PBX_PORT, "127.0.0.1");
    const [bytes] = (await once(socket, "message")) as [Buffer];
    const message = parseMessageText(bytes.toString("latin1"));
    assert.ok("kind" in message && message.kind === "response");
    return message;
  };
  const proofFor = (response: Response, password: string): string =>
    answerDigest({
      challenges: response.headers.all("www-authenticate"),
      credentials: { user: "101", password: new Secret(password) },
      request: new Request("REGISTER", "sip:127.0.0.1", new Headers()),
      random: secureRandom(),
      hash: systemHash,
    })!;
  return { register, proofFor, close: () => socket.close() };
}

test("a subscriber registers with its password, and nobody with its old answer", async () => {
  const pbx = await TestPbx.open(PBX_PORT);
  const { register, proofFor, close } = await telephone();
  const asked = await register();
  assert.equal(asked.status, 401);
  assert.equal((await register(proofFor(asked, "wrong"))).status, 401);
  const proof = proofFor(await register(), "trial101");
  assert.equal((await register(proof)).status, 200);
  const again = await register(proof);
  assert.equal(again.status, 401);
  assert.match(again.headers.get("www-authenticate")!, /stale=true/);
  close();
  pbx.close();
});
