import type { Flow } from "../stage/flow.ts";
import { DOWN, DOWN_BY_CALLEE, UP } from "./parts.ts";

/** What else is said in a call that is up: RFC 6086, 3428, 3515, and its ends. */
export const DIALOG_FLOWS: readonly Flow[] = [
  {
    name: "RFC 3261 §17.2.1 a callee that is slow to ring: its caller hears 100 meanwhile",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      wait 200
      op  < 100
      pbx > 180
      op  < 180
      pbx > 200 sdp
      op  < 200 sdp
      op  > ACK
      pbx < ACK
      ${DOWN}
    `,
  },
  {
    name: "RFC 6086 §4 INFO with DTMF crosses unread",
    bothWays: true,
    ladder: `
      ${UP}
      pbx > INFO | body: application/dtmf-relay Signal=5\\r\\nDuration=160\\r\\n
      op  < INFO | body: application/dtmf-relay Signal=5\\r\\nDuration=160\\r\\n
      op  > 200
      pbx < 200
      op  > INFO | body: application/dtmf-relay Signal=#\\r\\nDuration=160\\r\\n
      pbx < INFO | body: application/dtmf-relay Signal=#\\r\\nDuration=160\\r\\n
      pbx > 415 | Accept: application/dtmf
      op  < 415 | Accept: application/dtmf
      ${DOWN}
    `,
  },
  {
    name: "RFC 6086 §4.2 INFO of a package keeps its Info-Package",
    ladder: `
      op  > INVITE sdp | Recv-Info: dtmf
      pbx < INVITE sdp | Recv-Info: dtmf
      pbx > 200 sdp | Recv-Info: dtmf
      op  < 200 sdp | Recv-Info: dtmf
      op  > ACK
      pbx < ACK
      op  > INFO | Info-Package: dtmf | Content-Disposition: Info-Package | body: application/dtmf 1
      pbx < INFO | Info-Package: dtmf | Content-Disposition: Info-Package | body: application/dtmf 1
      pbx > 469
      op  < 469
      ${DOWN}
    `,
  },
  {
    name: "RFC 3428 §4 MESSAGE in a dialog crosses",
    bothWays: true,
    ladder: `
      ${UP}
      op  > MESSAGE | body: text/plain Are you there?
      pbx < MESSAGE | body: text/plain Are you there?
      pbx > 200
      op  < 200
      ${DOWN}
    `,
  },
  {
    name: "RFC 3261 §11 OPTIONS in a dialog",
    bothWays: true,
    ladder: `
      ${UP}
      op  > OPTIONS
      pbx < OPTIONS
      pbx > 200
      op  < 200
      ${DOWN}
    `,
  },
  {
    name: "RFC 3515 §2.4.4 REFER in the call, told of by NOTIFY with a sipfrag",
    bothWays: true,
    ladder: `
      ${UP}
      pbx > REFER | Refer-To: <sip:4002@10.77.0.2> | Referred-By: <sip:4001@10.77.0.2>
      op  < REFER | Refer-To: {carol} | Referred-By: /sip:4001@/
      op  > 202
      pbx < 202
      op  > NOTIFY | Event: refer | Subscription-State: active;expires=60 | body: message/sipfrag SIP/2.0 100 Trying\\r\\n
      pbx < NOTIFY | Event: /^refer/ | Subscription-State: active;expires=60 | body: message/sipfrag SIP/2.0 100 Trying\\r\\n
      pbx > 200
      op  < 200
      op  > NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | body: message/sipfrag SIP/2.0 200 OK\\r\\n
      pbx < NOTIFY | Event: /^refer/ | Subscription-State: terminated;reason=noresource | body: message/sipfrag SIP/2.0 200 OK\\r\\n
      pbx > 200
      op  < 200
      calls 1
      ${DOWN_BY_CALLEE}
    `,
  },
  {
    name: "RFC 3515 §2.4.2 a REFER that is declined leaves the call",
    bothWays: true,
    ladder: `
      ${UP}
      op  > REFER | Refer-To: <sip:0999@198.51.100.1>
      pbx < REFER | Refer-To: /^<sip:0999@/
      pbx > 603
      op  < 603
      calls 1
      ${DOWN}
    `,
  },
  {
    name: "RFC 3515 §2.4.6 each of two REFERs is told of by its own id",
    ladder: `
      ${UP}
      pbx > REFER | Refer-To: <sip:4002@10.77.0.2>
      op  < REFER
      op  > 202
      pbx < 202
      pbx > INFO
      op  < INFO
      op  > 200
      pbx < 200
      pbx > REFER | Refer-To: <sip:4003@10.77.0.2>
      op  < REFER | CSeq: {second} REFER
      op  > 202
      pbx < 202
      op  > NOTIFY | Event: refer;id={second} | Subscription-State: terminated;reason=noresource | body: message/sipfrag SIP/2.0 200 OK\\r\\n
      pbx < NOTIFY | Event: refer;id=3 | body: message/sipfrag SIP/2.0 200 OK\\r\\n
      pbx > 200
      op  < 200
      ${DOWN}
    `,
  },
  {
    name: "RFC 3261 §12.2.2 a request in no dialog gets 481",
    ladder: `
      ${UP}
      ${DOWN}
      op  > INFO
      op  < 481
      quiet
    `,
  },
  {
    name: "RFC 3261 §12.2.2 a request with a CSeq that is past gets 500",
    ladder: `
      ${UP}
      op  > INFO
      pbx < INFO
      pbx > 200
      op  < 200
      op  > INFO | CSeq: 12 INFO
      op  < 500
      ${DOWN}
    `,
  },
];
