import type { Flow } from "../stage/flow.ts";
import { DOWN, HOLD, RESUME, UP } from "./parts.ts";
import {
  CONSULTED,
  ended,
  endedBy,
  INSIDE,
  LEFT,
  PERFORM,
  REPLACES,
  RINGING,
  refer,
  TRYING,
} from "./performed-parts.ts";

/** What a transferee asks for, one time after the other. */
const LONGER = [600, 1000, 2000, 3000, 4000].map(
  (interval, i) => `
    op < INVITE sdp | Session-Expires: /^${interval};/
    op > 422 | Min-SE: ${(i + 1) * 1000}
    op < ACK
  `,
);

/** Performed transfers that come to nothing: what the referrer hears, and what is left. */
export const FAILED_FLOWS: readonly Flow[] = [
  {
    name: "performed: a transferee that only rings is given up after a minute",
    site: PERFORM,
    ladder: `
      ${UP}
      ${HOLD}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 180
      wait 60000
      op < CANCEL
      op > 200 CANCEL
      op > 487 INVITE
      op < ACK
      pbx < NOTIFY | ${ended("487 Request Terminated")}
      pbx > 200 NOTIFY
      pbx/2 < ACK
      pbx/2 < BYE
      pbx/2 > 200
      calls 1
      ${DOWN}
    `,
  },
  {
    name: "RFC 5589 §6.3 performed: the target is busy, and the call is as it was",
    site: PERFORM,
    ladder: `
      ${UP}
      ${HOLD}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 486
      pbx/2 < ACK
      pbx < NOTIFY | ${ended("486 Busy Here")}
      pbx > 200 NOTIFY
      calls 1
      ${RESUME}
      ${DOWN}
    `,
  },
  {
    name: "RFC 5589 §6.3 performed: the target is busy, and the referrer has left",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx > BYE
      pbx < 200
      pbx/2 > 486
      pbx/2 < ACK
      pbx < NOTIFY | ${ended("486 Busy Here")}
      pbx > 481 NOTIFY
      op < BYE
      op > 200
    `,
  },
  {
    name: "RFC 3515 §2.4.6 performed: a second REFER, after one that failed, has an id",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 404
      pbx/2 < ACK
      pbx < NOTIFY | ${ended("404 Not Found")}
      pbx > 200 NOTIFY
      pbx > REFER | Refer-To: <${INSIDE}> | CSeq: 7002 REFER
      pbx < 202 REFER
      pbx < NOTIFY | ${TRYING.replace("refer", "refer;id=7002")}
      pbx > 200 NOTIFY
      pbx/3 < INVITE
      pbx/3 > 603
      pbx/3 < ACK
      pbx < NOTIFY | ${ended("603 Decline", "refer;id=7002")}
      pbx > 200 NOTIFY
      ${DOWN}
    `,
  },
  {
    name: "RFC 5589 §6.3 performed: the transferee refuses the target's media, and the call is as it was",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 488
      op < ACK
      pbx < NOTIFY | ${ended("488 Not Acceptable Here")}
      pbx > 200 NOTIFY
      pbx/2 < ACK
      pbx/2 < BYE
      pbx/2 > 200
      streams 1
      ${HOLD}
      ${DOWN}
    `,
  },
  {
    name: "RFC 5589 performed: the transferee hangs up while the target rings",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 180
      pbx < NOTIFY | ${RINGING}
      pbx > 200 NOTIFY
      op > BYE
      op < 200
      pbx/2 < CANCEL
      pbx < NOTIFY | ${ended("487 Request Terminated")}
      pbx < BYE
      pbx > 200 NOTIFY
      pbx > 200 BYE
      pbx/2 > 200 CANCEL
      pbx/2 > 487 INVITE
      pbx/2 < ACK
    `,
  },
  {
    name: "RFC 5589 performed: the target hangs up before the transferee has answered, which goes back",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 100
      pbx/2 > BYE
      pbx/2 < 200
      op < CANCEL
      op > 200 CANCEL
      pbx < NOTIFY | ${ended("480 Temporarily Unavailable")}
      pbx > 200 NOTIFY
      op > 200 INVITE sdp:port=34000
      op < ACK
      op < INVITE
      op > 200 sdp:port=34000
      pbx < INVITE sdp
      pbx > 200 sdp
      pbx < ACK
      op < ACK sdp
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 3261 §14.1 performed: an offer that was taken back doesn't come again after glare",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 100
      pbx/2 > BYE
      pbx/2 < 200
      op < CANCEL
      op > 200 CANCEL
      pbx < NOTIFY | ${ended("480 Temporarily Unavailable")}
      pbx > 200 NOTIFY
      op > 491 INVITE
      op < ACK
      wait 5000
      streams 1
      ${DOWN}
    `,
  },
  {
    name: "RFC 3264 §8 performed: after glare the offer follows what the transferee was told meanwhile",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 491 INVITE
      op < ACK
      op > INVITE sdp:audio+video
      pbx < INVITE sdp:audio+video
      pbx > 200 sdp:audio+video
      op < 200 sdp:audio+video
      op > ACK
      pbx < ACK
      wait 5000
      op < INVITE sdp:audio+-video
      op > 200 sdp:audio+-video:port=34000
      op < ACK
      pbx/2 < ACK sdp:audio
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      media op pbx/2
      ${LEFT}
      ${endedBy("op", "pbx/2")}
    `,
  },
  {
    name: "RFC 3261 §15 performed: a call that was hung up is not brought back to its media",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 100
      pbx/2 > BYE
      pbx/2 < 200
      op < CANCEL
      op > 200 CANCEL
      pbx < NOTIFY | ${ended("480 Temporarily Unavailable")}
      pbx > 200 NOTIFY
      op > 200 INVITE sdp:port=34000
      op < ACK
      op < INVITE
      op > 491
      op < ACK
      ${DOWN}
    `,
  },
  {
    name: "RFC 5057 §5.1 performed: a transferee that knows of no call is gone, and all hear of it",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 481
      op < ACK
      pbx < NOTIFY | ${ended("481 Call/Transaction Does Not Exist")}
      pbx > 200 NOTIFY
      pbx/2 < ACK
      pbx/2 < BYE
      pbx/2 > 200
      pbx < BYE
      pbx > 200
      op < BYE
      op > 481
    `,
  },
  {
    name: "RFC 5589 §7.1 attended, performed: who was consulted only rings, and is given up after a minute",
    site: PERFORM,
    ladder: `
      ${CONSULTED}
      ${refer(REPLACES)}
      op/2 < INVITE
      op/2 > 180
      wait 60000
      op/2 < CANCEL
      op/2 > 200 CANCEL
      op/2 > 487 INVITE
      op/2 < ACK
      pbx < NOTIFY | ${ended("487 Request Terminated")}
      pbx > 200 NOTIFY
      calls 2
      ${endedBy("op/2", "pbx/2").replace("streams 0", "")}
      ${RESUME}
      ${DOWN}
    `,
  },
  {
    name: "RFC 4028 §7.3 performed: a transferee that wants ever longer intervals is given up",
    site: {
      ...PERFORM,
      settings: { sessionTimer: { public: { mode: "require", intervalS: 600 } } },
    },
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 200 sdp
      op  < 200 sdp
      op  > ACK
      pbx < ACK
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 200 sdp:port=33000
      ${LONGER.join("")}
      pbx < NOTIFY | ${ended("422 Session Interval Too Small")}
      pbx > 200 NOTIFY
      pbx/2 < ACK
      pbx/2 < BYE
      pbx/2 > 200
      ${DOWN}
    `,
  },
];
