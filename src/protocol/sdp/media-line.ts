/** An m= line (RFC 8866 §5.14). `port` 0 means a stream that is refused or switched off. */
export interface MediaLine {
  readonly media: string;
  readonly port: number;
  /** Ports in a row, as in "49170/2"; 1 when not said. */
  readonly portCount: number;
  readonly protocol: string;
  /** Payload types for RTP, else whatever the protocol names. At least one. */
  readonly formats: readonly string[];
}

export const PAYLOAD_TYPE_MAX = 127;
const PORT_MAX = 65_535;
const TOKEN = /^[!-~]+$/;

/** Reads the value of an m= line; undefined when it isn't one. */
export function parseMediaLine(value: string): MediaLine | undefined {
  const [media, ports, protocol, ...formats] = words(value);
  if (!media || !ports || !protocol || formats.length === 0) return undefined;
  if (!TOKEN.test(media) || !TOKEN.test(protocol)) return undefined;
  const [port, count, more] = ports.split("/");
  if (more !== undefined) return undefined;
  const first = parsePort(port!);
  const portCount = count === undefined ? 1 : parsePort(count);
  if (first === undefined || !portCount || !formats.every((format) => TOKEN.test(format))) {
    return undefined;
  }
  return { media, port: first, portCount, protocol, formats };
}

export function printMediaLine(line: MediaLine): string {
  const ports = line.portCount === 1 ? `${line.port}` : `${line.port}/${line.portCount}`;
  return `m=${line.media} ${ports} ${line.protocol} ${line.formats.join(" ")}`;
}

/** The words of a line's value; more than one space between them is forgiven. */
export function words(value: string): string[] {
  const found = value.split(" ");
  return found.includes("") ? found.filter((word) => word !== "") : found;
}

/** Reads a decimal port, 0 to 65535. */
export function parsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= PORT_MAX ? port : undefined;
}

/** Whether the formats of such an m= line are RTP payload types. */
export const isRtp = (protocol: string): boolean => /(?:^|\/)RTP\//i.test(protocol);

/** Reads an RTP payload type: seven bits (RFC 3550 §5.1). */
export function parsePayloadType(text: string): number | undefined {
  if (!/^\d{1,3}$/.test(text)) return undefined;
  const type = Number(text);
  return type <= PAYLOAD_TYPE_MAX ? type : undefined;
}
