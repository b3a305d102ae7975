import type { Flow } from "../stage/flow.ts";
import { DOWN, UP } from "./parts.ts";
import {
  ended,
  endedBy,
  INSIDE,
  joined,
  LEFT,
  OUTSIDE,
  PERFORM,
  refer,
} from "./performed-parts.ts";

/** Who may have a transfer performed, and where it may lead. */
export const RULE_FLOWS: readonly Flow[] = [
  {
    name: "RFC 3515 §2.4.2 performed: the operator may not make the gateway call",
    site: PERFORM,
    ladder: `
      ${UP}
      op > REFER | Refer-To: <sip:4002@192.0.2.1>
      op < 603
      ${DOWN}
    `,
  },
  {
    name: "RFC 3515 §2.4.1 performed: what can't be transferred to is refused at once",
    site: PERFORM,
    ladder: `
      ${UP}
      pbx > REFER
      pbx < 400
      pbx > REFER | Refer-To: <mailto:a@pbx.lan>
      pbx < 416
      pbx > REFER | Refer-To: <${INSIDE};method=BYE>
      pbx < 603
      ${DOWN}
    `,
  },
  {
    name: "CAC performed: no line is free for a transfer out",
    site: { trunk: { refer: "perform", limits: { callsMax: 1 } } },
    ladder: `
      ${UP}
      ${refer(OUTSIDE)}
      pbx < NOTIFY | ${ended("503 Service Unavailable")}
      pbx > 200 NOTIFY
      ${refer(INSIDE).replace("Event: refer", "Event: /^refer;id=/")}
      pbx/2 < INVITE
      pbx/2 > 480
      pbx/2 < ACK
      pbx < NOTIFY | body: message/sipfrag;version=2.0 SIP/2.0 480 Temporarily Unavailable\\r\\n
      pbx > 200 NOTIFY
      ${DOWN}
    `,
  },
  {
    name: "CAC performed: both lines of a call between two of the operator's are counted, until it ends",
    site: { trunk: { refer: "perform", limits: { callsMax: 2 } } },
    ladder: `
      ${UP}
      ${refer(OUTSIDE)}
      ${joined("op/2")}
      ${LEFT}
      op/3 > INVITE sdp
      op/3 < 503
      op/3 > ACK
      ${endedBy("op", "op/2")}
      op/4 > INVITE sdp:port=36000
      pbx/4 < INVITE sdp
      op/5 > INVITE sdp:port=37000
      pbx/5 < INVITE sdp
      pbx/4 > 486
      pbx/4 < ACK
      op/4 < 486
      op/4 > ACK
      pbx/5 > 486
      pbx/5 < ACK
      op/5 < 486
      op/5 > ACK
    `,
  },
  {
    name: "RFC 3515 §2.4.1 performed: a call that only rings yet can't be transferred",
    site: PERFORM,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 180
      op  < 180
      pbx > REFER | Refer-To: <${INSIDE}>
      pbx < 491 REFER
      pbx > 486 INVITE
      pbx < ACK
      op  < 486
      op  > ACK
    `,
  },
  {
    name: "RFC 5589 performed: the trunk's next peer is tried, and number rules hold",
    site: {
      trunk: {
        refer: "perform",
        numberRules: { out: [{ prefix: "0", strip: 1, prepend: "+33" }] },
      },
    },
    ladder: `
      ${UP}
      ${refer(OUTSIDE)}
      op/2 < INVITE | To: <sip:+33777@198.51.100.1>
      op/2 > 503
      op/2 < ACK
      op2 < INVITE | To: <sip:+33777@198.51.100.2>
      op2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      op2 < ACK sdp
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      media op op2
      ${LEFT}
      ${endedBy("op2", "op")}
    `,
  },
];
