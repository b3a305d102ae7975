import { monotonicNow, secureRandom } from "#io";
import { Headers, Request } from "#sip-message";
import { audioPort, TrialAudio } from "./audio.ts";
import { inTrialDialog, onLoopback, TrialEndpoint } from "./endpoint.ts";

/** What one call through the gateway came to. */
export interface CallResult {
  readonly setUpMs: number;
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  /** The gateway's public port, as its answer named it. */
  readonly publicPort: number;
}

/** A call that failed, in words. */
export interface CallFailure {
  readonly why: string;
}

/** How long the caller waits for an answer. */
const PATIENCE_MS = 8000;

/** The scripted caller: stands where an operator would, and calls one number. */
export async function placeTestCall(
  port: number,
  gatewayPort: number,
  called: string,
  packets: number,
): Promise<CallResult | CallFailure> {
  const endpoint = await TrialEndpoint.open(port);
  const audio = await TrialAudio.open();
  try {
    return await call(endpoint, audio, gatewayPort, called, packets);
  } finally {
    audio.close();
    endpoint.close();
  }
}

async function call(
  endpoint: TrialEndpoint,
  audio: TrialAudio,
  gatewayPort: number,
  called: string,
  packets: number,
): Promise<CallResult | CallFailure> {
  const started = performance.now();
  const dialog = await invite(endpoint, audio, gatewayPort, called);
  if ("why" in dialog) return dialog;
  const setUpMs = performance.now() - started;
  const gateway = onLoopback(gatewayPort);
  endpoint.act((transactions) => transactions.sendAck(inTrialDialog(dialog, "ACK"), gateway));
  const publicPort = audioPort(dialog.answer.body);
  if (publicPort === undefined) return { why: "the answer has no audio" };
  await audio.tone(publicPort, packets);
  const bye = inTrialDialog(dialog, "BYE");
  await new Promise<void>((resolve) => {
    endpoint.onEvent((event) => {
      if (event.kind === "response" || event.kind === "failed") resolve();
    });
    endpoint.act((transactions) => transactions.request(bye, gateway, monotonicNow(), undefined));
  });
  const { sent, received, lost } = audio;
  return { setUpMs, sent, received, lost: Math.max(lost, sent - received), publicPort };
}

function invite(endpoint: TrialEndpoint, audio: TrialAudio, gatewayPort: number, called: string) {
  const random = secureRandom();
  const headers = new Headers();
  headers.add("max-forwards", "70");
  headers.add("from", `"Trial" <sip:+33100000000@127.0.0.1>;tag=${random.token(8)}`);
  headers.add("to", `<sip:${called}@127.0.0.1>`);
  headers.add("call-id", random.token(20));
  headers.add("cseq", "1 INVITE");
  headers.add("contact", `<sip:trial@127.0.0.1:${endpoint.port}>`);
  headers.add("content-type", "application/sdp");
  const request = new Request(
    "INVITE",
    `sip:${called}@127.0.0.1:${gatewayPort}`,
    headers,
    audio.sdp,
  );
  return new Promise<Parameters<typeof inTrialDialog>[0] | CallFailure>((resolve) => {
    const timeout = setTimeout(() => resolve({ why: "no answer in time" }), PATIENCE_MS);
    endpoint.onEvent((event) => {
      if (event.kind === "failed") resolve({ why: event.why });
      if (event.kind !== "response" || event.response.status < 200) return;
      clearTimeout(timeout);
      const { status, reason } = event.response;
      if (status < 300) resolve({ request, answer: event.response });
      else resolve({ why: `${status} ${reason}` });
    });
    endpoint.act((transactions) =>
      transactions.request(request, onLoopback(gatewayPort), monotonicNow(), undefined),
    );
  });
}
