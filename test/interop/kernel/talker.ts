import { createSocket } from "node:dgram";
import { createInterface } from "node:readline";
import { Srtp } from "./srtp.ts";

// One party of a stream, in a network namespace of its own: `talker.ts ADDRESS PORT [OWN-KEY OUR-KEY]`,
// with keys by SRTP. Its standard input takes "to ADDRESS PORT" (a packet of RTP every few ms from now on), "quiet", "forge" (one
// packet under no key) and "again" (the last one once more), and "tell",
// which is answered by one line of JSON: what was sent, and what has come.

const EVERY_MS = 4;
const HEADER = 12;

const [address = "", port = "", ownKey, ourKey] = process.argv.slice(2);
const sealing = ownKey === undefined ? undefined : new Srtp(ownKey);
const opening = ourKey === undefined ? undefined : new Srtp(ourKey);
const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
const heard = new Set<number>();
const from = new Set<string>();
let sent = 0;
let packets = 0;
let late = 0;
let last = -1;
let place: { readonly to: string; readonly port: number } | undefined;
let latest: Buffer | undefined;
let clock: NodeJS.Timeout | undefined;

socket.on("message", (bytes, { address: host, port: source }) => {
  packets++;
  const plain = opening ? opening.open(bytes) : bytes;
  if (!plain) return;
  const number = plain.readUInt32BE(HEADER);
  if (number < last) late++;
  last = number;
  heard.add(number);
  from.add(`${host} ${source}`);
});

function speak(): void {
  const packet = Buffer.alloc(HEADER + 160, sent);
  packet.writeUInt16BE(0x8000, 0);
  packet.writeUInt16BE(sent & 0xffff, 2);
  packet.writeUInt32BE(sent * 160, 4);
  packet.writeUInt32BE(Number(port), 8);
  packet.writeUInt32BE(sent++, HEADER);
  latest = sealing ? sealing.seal(packet) : packet;
  send(latest);
}

function send(packet: Buffer): void {
  if (place) socket.send(packet, place.port, place.to);
}

/** The next number, and a tag that isn't its own. */
function forge(): void {
  if (!latest) return;
  const packet = Buffer.from(latest);
  packet.writeUInt16BE(sent & 0xffff, 2);
  send(packet);
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const [word, to = "", toPort] = line.split(" ");
  if (word === "to") {
    place = { to, port: Number(toPort) };
    clearInterval(clock);
    clock = setInterval(speak, EVERY_MS);
  }
  if (word === "forge") forge();
  if (word === "again" && latest) send(latest);
  if (word === "quiet") clearInterval(clock);
  if (word === "tell") {
    console.log(JSON.stringify({ sent, packets, heard: heard.size, late, from: [...from] }));
  }
});
socket.bind(Number(port), address, () => console.log("bound"));
