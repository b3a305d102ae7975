import { type Settings, validateSettings } from "#settings";
import { placeTestCall } from "./test-call.ts";
import { ECHO, SUBSCRIBERS, TestPbx, TONE } from "./test-pbx.ts";
import type { TrialPorts } from "./trial-ports.ts";

/** Three seconds of audio. */
const PACKETS = 150;

/** Settings of the trial: everything on the loopback, nothing that a stranger could reach. */
export function trialSettings({ publicPort, privatePort, pbx, operator }: TrialPorts): Settings {
  const result = validateSettings({
    securedInterface: false,
    publicLocal: { address: "127.0.0.1", plainPort: publicPort },
    privateLocal: { address: "127.0.0.1", plainPort: privatePort },
    pbx: { host: "127.0.0.1", port: pbx },
    trunks: [
      {
        name: "operator",
        peers: [{ host: "127.0.0.1", port: operator }],
        optionsIntervalS: 0,
      },
    ],
    emergencyNumbers: [],
    // On the loopback there is nothing to gain, and a trial's calls are nobody's.
    media: { kernel: "off", outliveS: 0 },
  });
  if (!result.settings) throw new Error(`the trial's settings: ${JSON.stringify(result.errors)}`);
  return result.settings;
}

/** Starts the test PBX, places one call through the gateway, and says what came of it. */
export async function runTrial(ports: TrialPorts, say: (line: string) => void): Promise<TestPbx> {
  const pbx = await TestPbx.open(ports.pbx);
  say(
    `trial: no settings given. A test PBX answers on 127.0.0.1:${ports.pbx}; calling its echo through the gateway ...`,
  );
  const result = await placeTestCall(ports.operator, ports.publicPort, ECHO, PACKETS);
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
  for (const line of logInFacts(ports)) say(line);
  return pbx;
}

function logInFacts(ports: TrialPorts): string[] {
  const accounts = [...SUBSCRIBERS].map(([user, password]) => `${user} (password ${password})`);
  return [
    `trial: to try a softphone on this machine: registrar 127.0.0.1:${ports.pbx}, UDP, account ${accounts.join(" or ")}`,
    `trial: then call 101 or 102, ${ECHO} (echo) or ${TONE} (tone) at sip:...@127.0.0.1:${ports.publicPort}, through the gateway; Ctrl-C ends`,
  ];
}
