import type { Flow } from "../stage/flow.ts";
import { DOWN } from "./parts.ts";

const REQUIRED = { mode: "require", intervalS: 90 };

/** A gateway that wants a timer on both sides. */
const REQUIRING = { settings: { sessionTimer: { public: REQUIRED, private: REQUIRED } } };

/** RFC 4028: each leg has a session timer of its own. */
export const SESSION_TIMER_FLOWS: readonly Flow[] = [
  {
    name: "RFC 4028 §9 a caller that asks for a timer is granted one, the callee hears of none",
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: timer | Session-Expires: 90;refresher=uac | Min-SE: 90
      pbx < INVITE sdp | Session-Expires: - | Min-SE: -
      pbx > 200 sdp
      op  < 200 sdp | Require: timer | Session-Expires: 90;refresher=uac
      op  > ACK
      pbx < ACK
      op  > INFO
      pbx < INFO | Session-Expires: -
      pbx > 200
      op  < 200 | Session-Expires: -
      ${DOWN}
    `,
  },
  {
    name: "RFC 4028 §7.4 the session is refreshed by UPDATE, then by re-INVITE, and lives",
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: timer | Session-Expires: 90;refresher=uac
      pbx < INVITE sdp
      pbx > 200 sdp
      op  < 200 sdp | Session-Expires: 90;refresher=uac
      op  > ACK
      pbx < ACK
      wait 45000
      op  > UPDATE | Supported: timer | Session-Expires: 90;refresher=uac
      pbx < UPDATE | Session-Expires: -
      pbx > 200
      op  < 200 | Require: timer | Session-Expires: 90;refresher=uac
      wait 45000
      calls 1
      op  > INVITE sdp | Supported: timer | Session-Expires: 90;refresher=uac
      pbx < INVITE sdp
      pbx > 200 sdp
      op  < 200 sdp | Require: timer | Session-Expires: 90;refresher=uac
      op  > ACK
      pbx < ACK
      wait 45000
      calls 1
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 4028 §7.4 a refresh by UPDATE, which the other end doesn't know, is answered here",
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: timer | Session-Expires: 90;refresher=uac
      pbx < INVITE sdp
      pbx > 200 sdp
      op  < 200 sdp
      op  > ACK
      pbx < ACK
      op  > UPDATE | Supported: timer | Session-Expires: 90;refresher=uac
      pbx < UPDATE
      pbx > 405 | Allow: INVITE, ACK, CANCEL, BYE
      op  < 200 | Session-Expires: 90;refresher=uac
      calls 1
      ${DOWN}
    `,
  },
  {
    name: "RFC 4028 §10 a session that nobody refreshes ends by BYE on both sides",
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: timer | Session-Expires: 90;refresher=uac
      pbx < INVITE sdp
      pbx > 200 sdp
      op  < 200 sdp
      op  > ACK
      pbx < ACK
      wait 59000
      calls 1
      wait 2000
      op  < BYE | Reason: SIP;cause=408;text="Session timer expired"
      op  > 200
      pbx < BYE | Reason: SIP;cause=408;text="Session timer expired"
      pbx > 200
      streams 0
    `,
  },
  {
    name: "RFC 4028 §9 an interval that is too short gets 422, and the caller asks again",
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: timer | Session-Expires: 60
      op  < 422 | Min-SE: 90
      op  > ACK
      quiet
      op/2  > INVITE sdp | Supported: timer | Session-Expires: 90 | Min-SE: 90
      pbx/2 < INVITE sdp
      pbx/2 > 200 sdp
      op/2  < 200 sdp | Session-Expires: 90;refresher=uac
      op/2  > ACK
      pbx/2 < ACK
      op/2  > BYE
      op/2  < 200
      pbx/2 < BYE
      pbx/2 > 200
    `,
  },
  {
    name: "RFC 4028 §7.3 a callee that wants a longer interval is asked again, the caller hears of nothing",
    site: REQUIRING,
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: timer
      pbx < INVITE sdp | Session-Expires: 90
      pbx > 422 | Min-SE: 600
      pbx < ACK
      pbx < INVITE sdp | Session-Expires: 600 | Min-SE: 600
      pbx > 200 sdp | Require: timer | Session-Expires: 600;refresher=uas
      op  < 200 sdp | Require: timer | Session-Expires: 90;refresher=uac
      op  > ACK
      pbx < ACK
      ${DOWN}
    `,
  },
  {
    name: "RFC 4028 §9 ends that know no timers are asked for a sign of life by re-INVITE",
    site: REQUIRING,
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp | Supported: /timer/ | Session-Expires: 90
      pbx > 200 sdp
      op  < 200 sdp | Require: - | Session-Expires: 90;refresher=uas
      op  > ACK
      pbx < ACK
      wait 45500
      op  < INVITE sdp | Session-Expires: 90;refresher=uac
      ports op same
      op  > 200 sdp
      op  < ACK
      wait 10500
      pbx < INVITE sdp | Session-Expires: 90;refresher=uac
      ports pbx same
      pbx > 200 sdp
      pbx < ACK
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 3840 §9 a refresh of ours, and our answer to one, tell what the other end is",
    site: REQUIRING,
    ladder: `
      op  > INVITE sdp | Contact: <sip:op@198.51.100.1:5060>;automata
      pbx < INVITE sdp | Contact: /;automata$/
      pbx > 200 sdp | Contact: <sip:pbx@10.77.0.2:5060>;isfocus
      op  < 200 sdp | Contact: /;isfocus$/
      op  > ACK
      pbx < ACK
      wait 45500
      op  < INVITE sdp | Contact: /;isfocus$/
      op  > 200 sdp | Contact: <sip:op@198.51.100.1:5060>;automata
      op  < ACK
      op  > UPDATE | Supported: timer | Session-Expires: 90;refresher=uas | Contact: <sip:op@198.51.100.1:5060>;automata
      pbx < UPDATE | Contact: /;automata$/
      pbx > 405 | Allow: INVITE, ACK, CANCEL, BYE
      op  < 200 | Contact: /;isfocus$/
      wait 10500
      pbx < INVITE sdp | Contact: /;automata$/
      pbx > 200 sdp
      pbx < ACK
      ${DOWN}
    `,
  },
  {
    name: "RFC 4028 §10 a refresh of ours that nobody answers ends the call",
    site: REQUIRING,
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: timer
      pbx < INVITE sdp
      pbx > 200 sdp | Allow: INVITE, ACK, CANCEL, BYE, UPDATE
      op  < 200 sdp | Session-Expires: 90;refresher=uac
      op  > ACK
      pbx < ACK
      wait 40000
      op  > UPDATE | Supported: timer | Session-Expires: 90;refresher=uac
      pbx < UPDATE
      pbx > 200
      op  < 200
      wait 45500
      pbx < UPDATE | Session-Expires: 90;refresher=uac
      wait 33000
      pbx < BYE | Reason: /Session timer expired/
      pbx > 200 BYE
      op  < BYE | Reason: /Session timer expired/
      op  > 200 BYE
      streams 0
    `,
  },
];
