import { type Settings, validateSettings } from "#settings";
import { placeTestCall } from "./test-call.ts";
import { ECHO, SUBSCRIBERS, TestPbx, TONE } from "./test-pbx.ts";

const PUBLIC_PORT = 5060;
const PRIVATE_PORT = 5062;
const PBX_PORT = 5070;
const OPERATOR_PORT = 5080;

/** Three seconds of audio. */
const PACKETS = 150;

/** Settings of the trial: everything on the loopback, nothing that a stranger could reach. */
export function trialSettings(): Settings {
  const result = validateSettings({
    securedInterface: false,
    publicLocal: { address: "127.0.0.1", plainPort: PUBLIC_PORT },
    privateLocal: { address: "127.0.0.1", plainPort: PRIVATE_PORT },
    pbx: { host: "127.0.0.1", port: PBX_PORT },
    trunks: [
      {
        name: "operator",
        peers: [{ host: "127.0.0.1", port: OPERATOR_PORT }],
        optionsIntervalS: 0,
      },
    ],
    emergencyNumbers: [],
  });
  if (!result.settings) throw new Error(`the trial's settings: ${JSON.stringify(result.errors)}`);
  return result.settings;
}

/** Starts the test PBX, places one call through the gateway, and says what came of it. */
export async function runTrial(say: (line: string) => void): Promise<TestPbx> {
  const pbx = await TestPbx.open(PBX_PORT);
  say(
    `trial: no settings given. A test PBX answers on 127.0.0.1:${PBX_PORT}; calling its echo through the gateway ...`,
  );
  const result = await placeTestCall(OPERATOR_PORT, PUBLIC_PORT, ECHO, PACKETS);
  if ("why" in result) {
    say(`trial: the call FAILED: ${result.why}`);
    process.exitCode = 1;
    return pbx;
  }
  const { setUpMs, sent, received, lost, publicPort } = result;
  say(`trial: the call went through: set up in ${setUpMs.toFixed(1)} ms`);
  say(`trial: audio ${sent} packets to the PBX, ${received} back, ${lost} lost`);
  say(
    `trial: relayed by the ports ${publicPort} (public side) and ${pbx.lastRelayPort} (private side)`,
  );
  for (const line of logInFacts()) say(line);
  return pbx;
}

function logInFacts(): string[] {
  const accounts = [...SUBSCRIBERS].map(([user, password]) => `${user} (password ${password})`);
  return [
    `trial: to try a softphone on this machine: registrar 127.0.0.1:${PBX_PORT}, UDP, account ${accounts.join(" or ")}`,
    `trial: then call 101 or 102, ${ECHO} (echo) or ${TONE} (tone) at sip:...@127.0.0.1:${PUBLIC_PORT}, through the gateway; Ctrl-C ends`,
  ];
}
