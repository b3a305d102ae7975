import type { Flow } from "../stage/flow.ts";
import { CONSULT, DOWN, HOLD, RESUME, UP, UP_OUT } from "./parts.ts";

const PERFORM = { trunk: { refer: "perform" } };

/** What a NOTIFY of a transfer says, as fields of its ladder step. */
const notice = (state: string, status: string, event = "refer"): string =>
  `Event: ${event} | Subscription-State: ${state} | body: message/sipfrag;version=2.0 SIP/2.0 ${status}\\r\\n`;

const TRYING = notice("/^active;expires=[1-9]/", "100 Trying");
const RINGING = notice("/^active;expires=[1-9]/", "180 Ringing");
const ended = (status: string, event?: string): string =>
  notice("terminated;reason=noresource", status, event);

/** The PBX refers, and hears that it is being tried. */
const refer = (to: string, more = ""): string => `
  pbx > REFER | Refer-To: <${to}>${more}
  pbx < 202 REFER
  pbx < NOTIFY | ${TRYING}
  pbx > 200 NOTIFY
`;

const INSIDE = "sip:4002@10.77.0.2";
const OUTSIDE = "sip:0777@10.77.0.1:5062";

/** The target is called, and answers with an offer; the transferee takes it. */
const joined = (target: string, transferee = "op"): string => `
  ${target} < INVITE
  ${target} > 200 sdp:port=33000
  ${transferee} < INVITE sdp
  ${transferee} > 200 sdp:port=34000
  ${transferee} < ACK
  ${target} < ACK sdp
  pbx < NOTIFY | ${ended("200 OK")}
  pbx > 200 NOTIFY
  media ${transferee} ${target}
`;

/** The referrer hangs up, and the call goes on without it. */
const LEFT = `
  pbx > BYE
  pbx < 200
  calls 1
  streams 1
`;

const endedBy = (one: string, other: string): string => `
  ${one} > BYE
  ${one} < 200
  ${other} < BYE
  ${other} > 200
  streams 0
`;

/** Two calls of the PBX, both with the operator, and one is to take the other's place. */
const CONSULTED = `${UP}${HOLD}${CONSULT}`;
const REPLACES = `sip:0456@10.77.0.1:5062?Replaces={pbx_2_id%}%3Bto-tag%3D{pbx_2_remote}%3Bfrom-tag%3D{pbx_2_local}`;

/** RFC 5589 with the gateway as the transferee's agent: `refer: perform`. */
export const PERFORMED_FLOWS: readonly Flow[] = [
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
    name: "RFC 5589 §6.1 unattended, performed: to another phone of the PBX",
    site: PERFORM,
    ladder: `
      ${UP}
      ${HOLD}
      pbx > REFER | Refer-To: <${INSIDE}> | Referred-By: <sip:4001@10.77.0.2>
      pbx < 202 REFER | Contact: /10.77.0.1:5062/
      pbx < NOTIFY | ${TRYING}
      pbx > 200 NOTIFY
      pbx/2 < INVITE | To: <sip:4002@10.77.0.2> | From: /^<sip:4001@10.77.0.1>;tag=/ | Referred-By: /sip:4001@/
      pbx/2 > 180
      pbx < NOTIFY | ${RINGING}
      pbx > 200 NOTIFY
      streams 1
      pbx/2 > 200 sdp:port=33000
      op > INFO | body: text/plain still with the referrer
      pbx < INFO | body: text/plain still with the referrer
      pbx > 200 INFO
      op < INVITE sdp:sendrecv
      op < 200 INFO
      op > 200 INVITE sdp:port=34000
      op < ACK
      pbx/2 < ACK sdp:sendrecv
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      media op pbx/2
      ${LEFT}
      ${endedBy("op", "pbx/2")}
    `,
  },
  {
    name: "RFC 5589 §6.1 unattended, performed: out to the operator again, public to public",
    site: PERFORM,
    ladder: `
      ${UP}
      ${HOLD}
      ${refer(OUTSIDE, " | Referred-By: <sip:4001@10.77.0.2>")}
      op/2 < INVITE | To: <sip:0777@198.51.100.1> | Referred-By: /^<sip:4001@/
      op/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      op/2 < ACK sdp
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      media op op/2
      ${LEFT}
      op/2 > INVITE sdp:sendonly:port=33000
      op < INVITE sdp:sendonly
      op > 200 sdp:recvonly:port=34000
      op/2 < 200 sdp:recvonly
      op/2 > ACK
      op < ACK
      media op op/2
      ${endedBy("op/2", "op")}
    `,
  },
  {
    name: "RFC 5589 §6.1 unattended, performed: of a call that the PBX made",
    site: PERFORM,
    ladder: `
      ${UP_OUT}
      ${refer(INSIDE)}
      ${joined("pbx/2")}
      ${LEFT}
      ${endedBy("pbx/2", "op")}
    `,
  },
  {
    name: "RFC 5589 §6.1 performed: a referrer that doesn't hang up is hung up",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      ${joined("pbx/2")}
      calls 2
      wait 5000
      pbx < BYE
      pbx > 200
      calls 1
      ${endedBy("op", "pbx/2")}
    `,
  },
  {
    name: "RFC 5589 §6.1 performed: a referrer that leaves at once doesn't end the transfer",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx > BYE
      pbx < 200
      ${joined("pbx/2")}
      calls 1
      ${endedBy("op", "pbx/2")}
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
    name: "RFC 5589 performed: who transfers may not be asked for more meanwhile",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx > REFER | Refer-To: <${INSIDE}>
      pbx < 491 REFER
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > UPDATE sdp
      op < 491 UPDATE
      pbx > INVITE sdp:sendonly
      pbx < 491 INVITE
      pbx > ACK
      op > 200 INVITE sdp:port=34000
      op < ACK
      pbx/2 < ACK sdp
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      pbx > INFO
      pbx < 491 INFO
      ${LEFT}
      ${endedBy("op", "pbx/2")}
    `,
  },
  {
    name: "RFC 3261 §14.1 performed: glare with the transferee, and the offer comes again",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 491
      op < ACK
      wait 2000
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
    name: "RFC 3261 §14.2 performed: a re-INVITE that is under way is waited for",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx > INVITE sdp:sendonly
      op < INVITE sdp:sendonly
      pbx/2 > 200 sdp:port=33000
      quiet
      op > 200 sdp:recvonly
      pbx < 200 sdp:recvonly
      pbx > ACK
      op < ACK
      wait 300
      op < INVITE sdp:sendrecv
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
    name: "RFC 5589 performed: a transferred call is transferred again, by who it was transferred to",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      ${joined("pbx/2")}
      ${LEFT}
      pbx/2 > REFER | Refer-To: <${OUTSIDE}>
      pbx/2 < 202 REFER
      pbx/2 < NOTIFY | ${TRYING}
      pbx/2 > 200 NOTIFY
      op/3 < INVITE
      op/3 > 200 sdp:port=35000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      op/3 < ACK sdp
      pbx/2 < NOTIFY | ${ended("200 OK")}
      pbx/2 > 200 NOTIFY
      pbx/2 > BYE
      pbx/2 < 200
      media op op/3
      ${endedBy("op", "op/3")}
    `,
  },
  {
    name: "RFC 3264 §8 performed: a transferee with video keeps its line when the target has none",
    site: PERFORM,
    ladder: `
      op  > INVITE sdp:audio+video
      pbx < INVITE sdp:audio+video
      pbx > 200 sdp:audio+video
      op  < 200 sdp:audio+video
      op  > ACK
      pbx < ACK
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 200 sdp:audio:port=33000
      op < INVITE sdp:audio+-video
      op > 200 sdp:audio+-video:port=34000
      op < ACK
      pbx/2 < ACK sdp:audio
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      media op pbx/2
      ${LEFT}
      op > INVITE sdp:audio+video:port=34000
      pbx/2 < INVITE sdp:audio+video
      pbx/2 > 200 sdp:audio+video:port=33000
      op < 200 sdp:audio+video
      op > ACK
      pbx/2 < ACK
      media op pbx/2
      ${endedBy("op", "pbx/2").replace("streams 0", "")}
    `,
  },
  {
    name: "RFC 4488 performed: a referrer that wants no NOTIFYs gets none, and is hung up",
    site: PERFORM,
    ladder: `
      ${UP}
      pbx > REFER | Refer-To: <${INSIDE}> | Refer-Sub: false | Supported: norefersub | Require: norefersub
      pbx < 202 REFER | Refer-Sub: false
      pbx/2 < INVITE
      pbx/2 > 180
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      pbx/2 < ACK sdp
      media op pbx/2
      wait 1
      pbx < BYE
      pbx > 200
      ${endedBy("op", "pbx/2")}
    `,
  },
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
    name: "RFC 5589 §6.1 performed: the operator may, by rule, and the PBX's phone is transferred",
    site: { trunk: { refer: "perform", referFrom: "both" } },
    ladder: `
      ${UP}
      op > REFER | Refer-To: <sip:4002@192.0.2.1>
      op < 202 REFER
      op < NOTIFY | ${TRYING}
      op > 200 NOTIFY
      pbx/2 < INVITE | To: <sip:4002@10.77.0.2>
      pbx/2 > 200 sdp:port=33000
      pbx < INVITE sdp
      pbx > 200 sdp:port=34000
      pbx < ACK
      pbx/2 < ACK sdp
      op < NOTIFY | ${ended("200 OK")}
      op > 200 NOTIFY
      media pbx pbx/2
      op > BYE
      op < 200
      calls 1
      ${endedBy("pbx", "pbx/2")}
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
    name: "RFC 3261 §22.2 performed: the operator's challenge of our re-INVITE is answered",
    site: { trunk: { refer: "perform", credentials: { user: "alice", password: "wonder" } } },
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp | Authorization: -
      op > 401 | WWW-Authenticate: Digest realm="operator", nonce="n", algorithm=MD5, qop="auth"
      op < ACK
      op < INVITE sdp | Authorization: /realm="operator"/
      op > 200 sdp:port=34000
      op < ACK | Authorization: /realm="operator"/
      pbx/2 < ACK sdp
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      ${LEFT}
      ${endedBy("op", "pbx/2")}
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
    name: "RFC 3261 §13.2.1 performed: early media of the target reaches nobody, its later offer does",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 183 sdp:port=32000
      pbx < NOTIFY | ${RINGING}
      pbx > 200 NOTIFY
      streams 1
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
    name: "RFC 4028 §7.4 performed: the transferee's timer goes along with it",
    site: PERFORM,
    ladder: `
      op  > INVITE sdp | Supported: timer | Session-Expires: 1800;refresher=uas | Allow: UPDATE
      pbx < INVITE sdp
      pbx > 200 sdp
      op  < 200 sdp | Session-Expires: 1800;refresher=uas
      op  > ACK
      pbx < ACK
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp | Session-Expires: 1800;refresher=uac
      op > 200 sdp:port=34000 | Session-Expires: 1800;refresher=uac
      op < ACK
      pbx/2 < ACK sdp
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      ${LEFT}
      wait 900000
      op < UPDATE | Session-Expires: 1800;refresher=uac
      op > 200 | Session-Expires: 1800;refresher=uac
      calls 1
      wait 900000
      op < UPDATE
      op > 481
      op < BYE
      op > 481
      pbx/2 < BYE
      pbx/2 > 200
    `,
  },
  {
    name: "RFC 6665 §4.2.1 performed: the referrer asks how it stands, and then for no more",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx > SUBSCRIBE | Event: refer | Expires: 60
      pbx < 200 SUBSCRIBE | Expires: /^[1-9]/
      pbx < NOTIFY | ${TRYING}
      pbx > 200 NOTIFY
      pbx > SUBSCRIBE | Event: refer | Expires: 0
      pbx < 200 SUBSCRIBE | Expires: 0
      pbx < NOTIFY | ${notice("terminated;reason=timeout", "100 Trying")}
      pbx > 200 NOTIFY
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      pbx/2 < ACK sdp
      ${LEFT}
      ${endedBy("op", "pbx/2")}
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
    name: "RFC 5589 §6.1 performed: over TCP, and without the mask",
    site: { ...PERFORM, transport: "tcp", masked: false },
    ladder: `
      ${UP}
      ${refer(OUTSIDE, " | Referred-By: <sip:4001@10.77.0.2>")}
      op/2 < INVITE | Referred-By: <sip:4001@10.77.0.2>
      op/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      op/2 < ACK sdp
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      media op op/2
      ${LEFT}
      ${endedBy("op", "op/2")}
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
