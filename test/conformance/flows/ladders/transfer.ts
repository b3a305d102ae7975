import type { Flow } from "../stage/flow.ts";
import { CONSULT, CONSULT_DOWN, DOWN, DOWN_BY_CALLEE, HOLD, RESUME, UP } from "./parts.ts";

/** RFC 5359 §2.1 to §2.6: hold and transfer, as phones of a PBX do it in calls of an operator. */
export const TRANSFER_FLOWS: readonly Flow[] = [
  {
    name: "RFC 5359 §2.1 call hold and resume",
    bothWays: true,
    ladder: `${UP}${HOLD}${RESUME}${DOWN}`,
  },
  {
    name: "RFC 5359 §2.1 both ends hold: the media is inactive, and each resumes for itself",
    bothWays: true,
    ladder: `
      ${UP}
      ${HOLD}
      op  > INVITE sdp:inactive
      pbx < INVITE sdp:inactive
      pbx > 200 sdp:inactive
      op  < 200 sdp:inactive
      op  > ACK
      pbx < ACK
      op  > INVITE sdp:recvonly
      pbx < INVITE sdp:recvonly
      pbx > 200 sdp:sendonly
      op  < 200 sdp:sendonly
      op  > ACK
      pbx < ACK
      ${RESUME}
      ${DOWN}
    `,
  },
  {
    name: "RFC 5359 §2.1 hold by the old way, c=0.0.0.0 (RFC 3264 §8.4), and resume",
    bothWays: true,
    ladder: `
      ${UP}
      pbx > INVITE sdp:at=0.0.0.0
      op  < INVITE sdp:at=0.0.0.0
      op  > 200 sdp:recvonly
      pbx < 200 sdp:recvonly
      pbx > ACK
      op  < ACK
      calls 1
      pbx > INVITE sdp
      op  < INVITE sdp:sendrecv
      op  > 200 sdp
      pbx < 200 sdp
      pbx > ACK
      op  < ACK
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 5359 §2.2 consultation hold",
    bothWays: true,
    ladder: `${UP}${HOLD}${CONSULT}
      calls 2
      ${CONSULT_DOWN}${RESUME}${DOWN_BY_CALLEE}`,
  },
  {
    name: "RFC 5359 §2.3 music on hold comes from another host of the PBX",
    ladder: `
      ${UP}
      pbx > INVITE sdp:sendonly:at=10.77.0.30:port=40000
      op  < INVITE sdp:sendonly
      op  > 200 sdp:recvonly
      pbx < 200 sdp:recvonly
      pbx > ACK
      op  < ACK
      media op pbx
      ${RESUME}
      ${DOWN}
    `,
  },
  {
    name: "RFC 5359 §2.4 unattended transfer: the operator's phone calls the target, and is let go",
    site: { masked: true },
    ladder: `
      ${UP}
      pbx > REFER | Refer-To: <sip:4002@10.77.0.2> | Referred-By: <sip:4001@10.77.0.2>
      op  < REFER | Refer-To: /^<sip:4002@192\\.0\\.2\\.1:5060>$/ | Referred-By: {by}
      op  > 202
      pbx < 202
      pbx > BYE
      pbx < 200
      op  < BYE
      op  > 200
      op/2  > INVITE sdp 4002 | Referred-By: {by}
      pbx/2 < INVITE sdp | Referred-By: /sip:4001@/
      pbx/2 > 200 sdp
      op/2  < 200 sdp
      op/2  > ACK
      pbx/2 < ACK
      media op/2 pbx/2
      op/2  > BYE
      op/2  < 200
      pbx/2 < BYE
      pbx/2 > 200
    `,
  },
  {
    name: "RFC 5359 §2.4 unattended transfer: the transferor waits for the NOTIFYs",
    ladder: `
      ${UP}
      pbx > REFER | Refer-To: <sip:4002@10.77.0.2>
      op  < REFER
      op  > 202
      pbx < 202
      op  > NOTIFY | Event: refer | Subscription-State: active;expires=60 | body: message/sipfrag SIP/2.0 100 Trying\\r\\n
      pbx < NOTIFY | body: message/sipfrag SIP/2.0 100 Trying\\r\\n
      pbx > 200
      op  < 200
      op/2  > INVITE sdp:port=33000 4002
      pbx/2 < INVITE sdp
      pbx/2 > 200 sdp:port=33000
      op/2  < 200 sdp
      op/2  > ACK
      pbx/2 < ACK
      op  > NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | body: message/sipfrag SIP/2.0 200 OK\\r\\n
      pbx < NOTIFY | Subscription-State: terminated;reason=noresource | body: message/sipfrag SIP/2.0 200 OK\\r\\n
      pbx > 200
      op  < 200
      ${DOWN_BY_CALLEE.replace("streams 0", "streams 1")}
      media op/2 pbx/2
      op/2  > BYE
      op/2  < 200
      pbx/2 < BYE
      pbx/2 > 200
    `,
  },
  {
    name: "RFC 5359 §2.5 attended transfer between two calls of the operator",
    ladder: `
      ${UP}
      ${HOLD}
      ${CONSULT}
      pbx > REFER | Refer-To: <sip:0456@10.77.0.1:5062?Replaces={pbx_2_id}%3Bto-tag%3D{pbx_2_remote}%3Bfrom-tag%3D{pbx_2_local}>
      op  < REFER | Refer-To: <sip:op@198.51.100.1:5060?Replaces={op_2_id%}%3Bto-tag%3D{op_2_local}%3Bfrom-tag%3D{op_2_remote}>
      op  > 202
      pbx < 202
      op/2 > BYE
      op/2 < 200
      pbx/2 < BYE
      pbx/2 > 200
      op  > NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | body: message/sipfrag SIP/2.0 200 OK\\r\\n
      pbx < NOTIFY | body: message/sipfrag SIP/2.0 200 OK\\r\\n
      pbx > 200
      op  < 200
      ${DOWN_BY_CALLEE}
    `,
  },
  {
    name: "RFC 5359 §2.5 attended transfer between a call in and a call out of the PBX",
    ladder: `
      ${UP}
      ${HOLD}
      ${CONSULT}
      op  > REFER | Refer-To: <sip:4001@192.0.2.1:5060?Replaces={op_2_id%}%3Bto-tag%3D{op_2_remote}%3Bfrom-tag%3D{op_2_local}>
      pbx < REFER | Refer-To: <sip:pbx@10.77.0.2:5060?Replaces={pbx_2_id%}%3Bto-tag%3D{pbx_2_local}%3Bfrom-tag%3D{pbx_2_remote}>
      pbx > 202
      op  < 202
      ${CONSULT_DOWN}
      ${DOWN_BY_CALLEE}
    `,
  },
  {
    name: "RFC 5359 §2.5 attended transfer to a phone that was consulted inside the PBX",
    site: { masked: true },
    ladder: `
      ${UP}
      ${HOLD}
      pbx > REFER | Refer-To: <sip:4002@10.77.0.2?Replaces=inner%40pbx.lan%3Bto-tag%3D1%3Bfrom-tag%3D2>
      op  < REFER | Refer-To: /^<sip:4002@192\\.0\\.2\\.1:5060\\?Replaces=/
      op  > 202
      pbx < 202
      ${DOWN_BY_CALLEE}
    `,
  },
  {
    name: "RFC 5359 §2.6 transfer of an instant-message session: REFER outside a call, for a MESSAGE",
    bothWays: true,
    ladder: `
      op/1  > MESSAGE | body: text/plain Hi
      pbx/1 < MESSAGE | body: text/plain Hi
      pbx/1 > 200
      op/1  < 200
      pbx/2 > REFER | Refer-To: <sip:4002@10.77.0.2;method=MESSAGE>
      op/2  < REFER | Refer-To: /^<sip:4002@[^>]*;method=MESSAGE>$/
      op/2  > 202
      pbx/2 < 202
      op/2  > NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | body: message/sipfrag SIP/2.0 200 OK\\r\\n
      pbx/2 < NOTIFY | Event: refer | body: message/sipfrag SIP/2.0 200 OK\\r\\n
      pbx/2 > 200
      op/2  < 200
    `,
  },
];
