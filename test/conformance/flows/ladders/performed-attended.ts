import type { Flow } from "../stage/flow.ts";
import { DOWN, RESUME, UP } from "./parts.ts";
import {
  CONSULTED,
  ended,
  endedBy,
  INSIDE,
  LEFT,
  OUTSIDE,
  PERFORM,
  REPLACES,
  refer,
} from "./performed-parts.ts";

/** RFC 5589 §7, performed: the target is in a call with the referrer, or rings. */
export const ATTENDED_FLOWS: readonly Flow[] = [
  {
    name: "RFC 5589 §7.1 attended, performed: two calls with the operator become one",
    site: PERFORM,
    ladder: `
      ${CONSULTED}
      ${refer(REPLACES)}
      op/2 < INVITE
      op/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp
      op < ACK
      op/2 < ACK sdp
      pbx/2 < BYE
      pbx < NOTIFY | ${ended("200 OK")}
      pbx/2 > 200
      pbx > 200 NOTIFY
      media op op/2
      ${LEFT}
      ${endedBy("op", "op/2")}
    `,
  },
  {
    name: "RFC 5407 §3.2.1 attended, performed: the referrer's BYE crosses ours",
    site: PERFORM,
    ladder: `
      ${CONSULTED}
      ${refer(REPLACES)}
      op/2 < INVITE
      op/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp
      op < ACK
      op/2 < ACK sdp
      pbx/2 < BYE
      pbx < NOTIFY | ${ended("200 OK")}
      pbx/2 > BYE
      pbx/2 < 200 BYE
      pbx/2 > 200 BYE
      pbx > 200 NOTIFY
      media op op/2
      ${LEFT}
      ${endedBy("op", "op/2")}
    `,
  },
  {
    name: "RFC 5589 §7.1 attended, performed: the referrer hangs both up without waiting",
    site: PERFORM,
    ladder: `
      ${CONSULTED}
      ${refer(REPLACES)}
      pbx/2 > BYE
      pbx/2 < 200
      pbx > BYE
      pbx < 200
      op/2 < INVITE
      op/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp
      op < ACK
      op/2 < ACK sdp
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 481 NOTIFY
      media op op/2
      calls 1
      ${endedBy("op", "op/2")}
    `,
  },
  {
    name: "RFC 5589 §7.1 attended, performed: the transferee refuses, and both calls are as they were",
    site: PERFORM,
    ladder: `
      ${CONSULTED}
      ${refer(REPLACES)}
      op/2 < INVITE
      op/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 488
      op < ACK
      pbx < NOTIFY | ${ended("488 Not Acceptable Here")}
      pbx > 200 NOTIFY
      pbx/2 < INVITE sdp
      pbx/2 > 200 sdp:port=33000
      pbx/2 < ACK
      op/2 < ACK sdp
      media op/2 pbx/2
      calls 2
      streams 2
      ${endedBy("op/2", "pbx/2").replace("streams 0", "")}
      ${RESUME}
      ${DOWN}
    `,
  },
  {
    name: "RFC 5589 §7.1 attended, performed: who was consulted refuses, and both calls are as they were",
    site: PERFORM,
    ladder: `
      ${CONSULTED}
      ${refer(REPLACES)}
      op/2 < INVITE
      op/2 > 500
      op/2 < ACK
      pbx < NOTIFY | ${ended("500 Server Internal Error")}
      pbx > 200 NOTIFY
      calls 2
      ${endedBy("op/2", "pbx/2").replace("streams 0", "")}
      ${RESUME}
      ${DOWN}
    `,
  },
  {
    name: "RFC 5589 §7.1 attended, performed: the transferee hangs up before it has been offered anything",
    site: PERFORM,
    ladder: `
      ${CONSULTED}
      ${refer(REPLACES)}
      op/2 < INVITE
      op > BYE
      op < 200
      op/2 > 100
      pbx < NOTIFY | ${ended("487 Request Terminated")}
      pbx < BYE
      pbx > 200 NOTIFY
      pbx > 200 BYE
      op/2 < CANCEL
      op/2 > 200 CANCEL
      op/2 > 200 INVITE sdp:port=33000
      pbx/2 < INVITE sdp
      pbx/2 > 200 sdp:port=33000
      pbx/2 < ACK
      op/2 < ACK sdp
      media op/2 pbx/2
      ${endedBy("op/2", "pbx/2")}
    `,
  },
  {
    name: "RFC 3891 §3 performed: a dialog that only rings yet can't be taken over",
    site: PERFORM,
    ladder: `
      ${UP}
      pbx/2 > INVITE sdp:port=33000 0456
      op/2 < INVITE sdp
      op/2 > 180
      pbx/2 < 180
      ${refer(REPLACES)}
      pbx < NOTIFY | ${ended("481 Call/Transaction Does Not Exist")}
      pbx > 200 NOTIFY
      pbx/2 > CANCEL
      pbx/2 < 200 CANCEL
      pbx/2 < 487 INVITE
      pbx/2 > ACK
      op/2 < CANCEL
      op/2 > 200 CANCEL
      op/2 > 487 INVITE
      op/2 < ACK
      ${DOWN}
    `,
  },
  {
    name: "RFC 5589 §7.1 attended, performed: to a phone that was consulted inside the PBX",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(`${INSIDE}?Replaces=inner%40pbx.lan%3Bto-tag%3D1%3Bfrom-tag%3D2`)}
      pbx/2 < INVITE | Replaces: inner@pbx.lan;to-tag=1;from-tag=2
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      pbx/2 < ACK sdp
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      media op pbx/2
      ${LEFT}
      ${endedBy("op", "pbx/2")}
    `,
  },
  {
    name: "RFC 3891 §3 performed: a dialog of the PBX's own is no business of the operator's",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(`${OUTSIDE}?Replaces=inner%40pbx.lan%3Bto-tag%3D1%3Bfrom-tag%3D2`)}
      pbx < NOTIFY | ${ended("481 Call/Transaction Does Not Exist")}
      pbx > 200 NOTIFY
      ${DOWN}
    `,
  },
];
