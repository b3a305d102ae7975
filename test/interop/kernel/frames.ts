// Frames of Ethernet, byte by byte: with tags of VLANs, with checksums that no card makes.

const UDP = 17;
const HEADER_UDP = 8;

/** One packet of UDP. */
export interface Datagram {
  readonly from: readonly [address: string, port: number];
  readonly to: readonly [address: string, port: number];
  readonly payload: Buffer;
}

/** A tag's protocol (0x8100, 0x88a8) and its number; a priority alone has number 0. */
export type Tag = readonly [protocol: number, number: number];

export interface Envelope {
  /** The cards' addresses, "02:…". */
  readonly to: string;
  readonly from: string;
  readonly tags?: readonly Tag[];
}

function sumOf(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += i % 2 === 0 ? bytes[i]! << 8 : bytes[i]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

function bytesOf(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail = ""] = address.split("::");
  const words = (text: string) => (text === "" ? [] : text.split(":"));
  const zeros = 8 - words(head).length - words(tail).length;
  const all = [...words(head), ...Array<string>(zeros).fill("0"), ...words(tail)];
  return Buffer.from(all.map((word) => word.padStart(4, "0")).join(""), "hex");
}

const sixteen = (value: number) => Buffer.from([value >> 8, value & 0xff]);

/** UDP with its sum, which is 0 for none. */
function udp({ from, to, payload }: Datagram, isSummed: boolean): Buffer {
  const length = HEADER_UDP + payload.length;
  const ports = [sixteen(from[1]), sixteen(to[1])];
  const packet = Buffer.concat([...ports, sixteen(length), sixteen(0), payload]);
  const aside = [bytesOf(from[0]), bytesOf(to[0]), sixteen(UDP), sixteen(length)];
  const sum = ~sumOf(Buffer.concat([...aside, packet])) & 0xffff;
  if (isSummed) packet.writeUInt16BE(sum === 0 ? 0xffff : sum, 6);
  return packet;
}

function ip(datagram: Datagram, isSummed: boolean): Buffer {
  const body = udp(datagram, isSummed);
  const addresses = [bytesOf(datagram.from[0]), bytesOf(datagram.to[0])];
  if (addresses[0]!.length === 16) {
    const head = [Buffer.from([0x60, 0, 0, 0]), sixteen(body.length), Buffer.from([UDP, 9])];
    return Buffer.concat([...head, ...addresses, body]);
  }
  const length = sixteen(20 + body.length);
  const head = [Buffer.from([0x45, 0]), length, Buffer.from([0, 7, 0x40, 0, 9, UDP, 0, 0])];
  const header = Buffer.concat([...head, ...addresses]);
  header.writeUInt16BE(~sumOf(header) & 0xffff, 10);
  return Buffer.concat([header, body]);
}

/** The frame of a datagram, with right sums, or by IPv4 with none of UDP's. */
export function frameOf(envelope: Envelope, datagram: Datagram, isSummed = true): Buffer {
  const card = (address: string) => Buffer.from(address.replaceAll(":", ""), "hex");
  const tags = (envelope.tags ?? []).flatMap((tag) => tag.map(sixteen));
  const type = sixteen(datagram.from[0].includes(":") ? 0x86dd : 0x0800);
  const head = [card(envelope.to), card(envelope.from), ...tags, type];
  return Buffer.concat([...head, ip(datagram, isSummed)]);
}
