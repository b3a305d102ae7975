const ETHERNET = 14;
const IPV4 = 20;
const UDP = 8;

/** A capture file (pcap) of one UDP datagram each so many ms: what SIPp's play_pcap steps send. */
export function pcapOf(payloads: readonly Buffer[], intervalMs = 20): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(65_535, 16);
  // Ethernet.
  head.writeUInt32LE(1, 20);
  const packets = payloads.map((payload, index) => record(payload, index * intervalMs));
  return Buffer.concat([head, ...packets]);
}

/** Addresses and ports stay 0: who plays it writes his own. */
function record(payload: Buffer, atMs: number): Buffer {
  const length = ETHERNET + IPV4 + UDP + payload.length;
  const packet = Buffer.alloc(16 + length);
  packet.writeUInt32LE(Math.floor(atMs / 1_000), 0);
  packet.writeUInt32LE((atMs % 1_000) * 1_000, 4);
  packet.writeUInt32LE(length, 8);
  packet.writeUInt32LE(length, 12);
  const ethernet = 16;
  packet.writeUInt16BE(0x0800, ethernet + 12);
  const ip = ethernet + ETHERNET;
  packet.writeUInt8(0x45, ip);
  packet.writeUInt16BE(IPV4 + UDP + payload.length, ip + 2);
  packet.writeUInt8(64, ip + 8);
  packet.writeUInt8(17, ip + 9);
  const udp = ip + IPV4;
  packet.writeUInt16BE(UDP + payload.length, udp + 4);
  payload.copy(packet, udp + UDP);
  return packet;
}
