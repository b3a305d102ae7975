import { type Baresip, startBaresip } from "./baresip.ts";
import { PRIVATE_PORT } from "./gateway.ts";
import { startKamailioPbx } from "./kamailio.ts";
import { type Sipp, startSipp } from "./sipp.ts";
import { answer, answerUntil, callee, caller, expect, pause, sdp, send } from "./sipp-scenario.ts";
import { IPV4, type Site } from "./site.ts";

/** The user of the phone that refers who calls it to another one. */
export const REFERRER = "2001";
const TARGET = "2002";
const PASSWORD = "secret";

/** A PBX (Kamailio) with two phones: SIPp, which refers its caller, and baresip, which it refers to. */
export class ReferringPhones {
  readonly #site: Site;

  private constructor(site: Site) {
    this.#site = site;
  }

  static async start(site: Site): Promise<ReferringPhones> {
    await startKamailioPbx(site.pbx, {
      address: IPV4.pbx,
      subscribers: { [REFERRER]: PASSWORD, [TARGET]: PASSWORD },
      gateway: `${IPV4.private}:${PRIVATE_PORT}`,
      gatewayAddress: IPV4.private,
    });
    return new ReferringPhones(site);
  }

  /** Registered; takes one call, refers it after so long, and hangs up when it is told of success. */
  async referrer(afterMs: number): Promise<Sipp> {
    const at = { host: this.#site.pbx, address: IPV4.phone, port: 5071 };
    const registration = await startSipp({
      ...at,
      to: `${IPV4.pbx}:5060`,
      target: `sip:${REFERRER}@${IPV4.pbx}`,
      identity: `<sip:${REFERRER}@${IPV4.pbx}>`,
      user: REFERRER,
      password: PASSWORD,
      scenario: registering(),
    });
    await registration.done();
    return startSipp({ ...at, mediaPort: 6_071, scenario: referring(afterMs) });
  }

  /** Registered; sends a tone of this frequency to who calls it. */
  target(toneHz: number): Promise<Baresip> {
    return startBaresip({
      name: TARGET,
      host: this.#site.pbx,
      address: IPV4.phone,
      port: 5080,
      toneHz,
      domain: IPV4.pbx,
      register: { password: PASSWORD },
    });
  }
}

function registering(): string {
  const proof = `[authentication username=${REFERRER} password=${PASSWORD}]`;
  return caller([
    send("REGISTER", { headers: ["Expires: 300"] }),
    expect(401, { auth: true }),
    send("REGISTER", { headers: ["Expires: 300", proof] }),
    expect(200),
  ]);
}

const referring = (afterMs: number): string =>
  callee([
    expect("INVITE"),
    answer("200 OK", { body: sdp() }),
    expect("ACK"),
    pause(afterMs),
    send("REFER", { headers: [`Refer-To: <sip:${TARGET}@${IPV4.pbx}>`] }),
    expect(202),
    expect("NOTIFY", { bodyMatches: "SIP/2.0 100" }),
    answer("200 OK"),
    answerUntil("NOTIFY", "SIP/2.0 200"),
    send("BYE"),
    expect(200),
  ]);
