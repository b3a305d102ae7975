import { createSocket } from "node:dgram";
import { createInterface } from "node:readline";

// One party of a stream, in a network namespace of its own: `talker.ts ADDRESS PORT`. Its standard
// input takes "to ADDRESS PORT" (a packet of RTP every few ms from now on), "quiet", and "tell",
// which is answered by one line of JSON: what was sent, and what has come.

const EVERY_MS = 4;
const HEADER = 12;

const [address = "", port = ""] = process.argv.slice(2);
const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
const heard = new Set<number>();
const from = new Set<string>();
let sent = 0;
let packets = 0;
let late = 0;
let last = -1;
let clock: NodeJS.Timeout | undefined;

socket.on("message", (bytes, { address: host, port: source }) => {
  packets++;
  const number = bytes.readUInt32BE(HEADER);
  if (number < last) late++;
  last = number;
  heard.add(number);
  from.add(`${host} ${source}`);
});

function speak(to: string, toPort: number): void {
  const packet = Buffer.alloc(HEADER + 160, sent);
  packet.writeUInt16BE(0x8000, 0);
  packet.writeUInt16BE(sent & 0xffff, 2);
  packet.writeUInt32BE(sent * 160, 4);
  packet.writeUInt32BE(Number(port), 8);
  packet.writeUInt32BE(sent++, HEADER);
  socket.send(packet, toPort, to);
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const [word, to = "", toPort] = line.split(" ");
  if (word === "to") clock = setInterval(() => speak(to, Number(toPort)), EVERY_MS);
  if (word === "quiet") clearInterval(clock);
  if (word === "tell") {
    console.log(JSON.stringify({ sent, packets, heard: heard.size, late, from: [...from] }));
  }
});
socket.bind(Number(port), address, () => console.log("bound"));
