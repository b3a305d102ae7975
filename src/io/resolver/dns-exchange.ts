import { randomBytes, randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { type DecodedPacket, decode, encode, type Packet, RECURSION_DESIRED } from "dns-packet";
import { isIpv6 } from "#base";
import { rcodeOf } from "./dns-answer.ts";
import type { Question } from "./rfc3263.ts";

export interface DnsServer {
  readonly address: string;
  readonly port: number;
}

/** What crosses every path in one piece (DNS flag day 2020). */
const UDP_BYTES = 1232;
const FORMAT_ERROR = 1;
const TCP_BYTES_MAX = 65_535 + 2;

/** A question as it goes out: a forger must guess its number, its port and the case of its name. */
interface Asked extends Question {
  readonly id: number;
  readonly bytes: Buffer;
}

/** Asks one server one question; throws when it doesn't answer in time or not at all. */
export async function exchange(
  server: DnsServer,
  question: Question,
  signal: AbortSignal,
): Promise<DecodedPacket> {
  const reply = await exchangeWith(server, question, true, signal);
  // A server that is older than EDNS (RFC 6891 §7).
  return rcodeOf(reply) === FORMAT_ERROR
    ? await exchangeWith(server, question, false, signal)
    : reply;
}

async function exchangeWith(
  server: DnsServer,
  question: Question,
  extended: boolean,
  signal: AbortSignal,
): Promise<DecodedPacket> {
  const asked = askedFor(question, extended);
  const reply = await overUdp(server, asked, signal);
  if (reply && !reply.flag_tc) return reply;
  return await overTcp(server, asked, signal);
}

function askedFor({ name: plain, type }: Question, extended: boolean): Asked {
  const [id, name] = [randomInt(65_536), mixCase(plain)];
  const bytes = encode({
    type: "query",
    id,
    flags: RECURSION_DESIRED,
    questions: [{ name, type, class: "IN" }],
    ...(extended && { additionals: [EXTENSION] }),
  });
  return { id, name, type, bytes };
}

const EXTENSION = {
  type: "OPT",
  name: ".",
  udpPayloadSize: UDP_BYTES,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
} satisfies NonNullable<Packet["additionals"]>[number];

/** Servers give the name back as it was asked: its case holds a bit of chance a letter. */
function mixCase(name: string): string {
  const chance = randomBytes(name.length);
  return [...name].map((c, i) => (chance[i]! & 1 ? c.toUpperCase() : c.toLowerCase())).join("");
}

type Match = "exact" | "other-case" | "none";

function match(reply: DecodedPacket, { id, name, type }: Asked): Match {
  const [question] = reply.questions ?? [];
  if (!reply.flag_qr || reply.id !== id || question?.type !== type) return "none";
  if (question.name === name) return "exact";
  return question.name.toLowerCase() === name.toLowerCase() ? "other-case" : "none";
}

/** The reply; undefined when only TCP can tell whether it is one: the case of the name is lost. */
function overUdp(
  { address, port }: DnsServer,
  asked: Asked,
  signal: AbortSignal,
): Promise<DecodedPacket | undefined> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    // A socket of its own, so that the port is a new one; connected, so that only the server is heard.
    const socket = createSocket(isIpv6(address) ? "udp6" : "udp4");
    let ended = false;
    const end = (act: () => void): void => {
      if (ended) return;
      ended = true;
      signal.removeEventListener("abort", aborted);
      socket.close();
      act();
    };
    const aborted = (): void => end(() => reject(signal.reason));
    signal.addEventListener("abort", aborted, { once: true });
    socket.on("error", (error) => end(() => reject(error)));
    socket.on("message", (bytes) => {
      const reply = decoded(bytes);
      const found = reply && match(reply, asked);
      if (found === "exact") end(() => resolve(reply));
      else if (found === "other-case") end(() => resolve(undefined));
    });
    socket.connect(port, address, () => socket.send(asked.bytes));
  });
}

function overTcp(
  { address, port }: DnsServer,
  asked: Asked,
  signal: AbortSignal,
): Promise<DecodedPacket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host: address, port, signal });
    const pieces: Buffer[] = [];
    let size = 0;
    socket.on("connect", () => socket.write(withLength(asked.bytes)));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the server ended the connection")));
    socket.on("data", (piece) => {
      pieces.push(piece);
      size += piece.length;
      const bytes = size >= 2 ? Buffer.concat(pieces) : undefined;
      const length = bytes ? bytes.readUInt16BE(0) : TCP_BYTES_MAX;
      if (!bytes || size < length + 2) return;
      const reply = decoded(bytes.subarray(2, length + 2));
      socket.destroy();
      if (reply && match(reply, asked) !== "none") resolve(reply);
      else reject(new Error("the server answered another question"));
    });
  });
}

/** RFC 1035 §4.2.2. */
function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function decoded(bytes: Buffer): DecodedPacket | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}
