import type { Flow } from "../stage/flow.ts";
import { DOWN, UP } from "./parts.ts";

/** An answer that the caller hasn't acknowledged yet. */
const ANSWERED = `
  op  > INVITE sdp
  pbx < INVITE sdp | CSeq: {first} INVITE
  pbx > 180
  op  < 180
  pbx > 200 sdp
  op  < 200 sdp
`;

/** RFC 5407: messages that cross, or come when nobody waits for them any more. */
export const RACE_FLOWS: readonly Flow[] = [
  {
    name: "RFC 5407 §3.1.2 a CANCEL that comes after the answer changes nothing",
    bothWays: true,
    ladder: `
      ${ANSWERED}
      op  > CANCEL
      op  < 200 CANCEL
      quiet
      op  > ACK
      pbx < ACK
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 5407 §3.1.3 BYE in the early dialog crosses the answer",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 180
      op  < 180
      op  > BYE
      op  < 200 BYE
      op  < 487 INVITE
      op  > ACK
      pbx < CANCEL
      pbx > 200 INVITE sdp
      pbx < ACK
      pbx < BYE
      pbx > 200 BYE
      pbx > 200 CANCEL
    `,
  },
  {
    name: "RFC 5407 §3.1.4 a re-INVITE overtakes the ACK",
    bothWays: true,
    ladder: `
      ${ANSWERED}
      op  > INVITE sdp:sendonly
      pbx < INVITE sdp:sendonly
      op  > ACK | CSeq: 41 ACK
      pbx < ACK | CSeq: {first} ACK
      pbx > 200 INVITE sdp:recvonly
      op  < 200 INVITE sdp:recvonly
      op  > ACK
      pbx < ACK
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 5407 §3.1.5 a re-INVITE overtakes the ACK that bears the answer",
    bothWays: true,
    ladder: `
      op  > INVITE
      pbx < INVITE
      pbx > 200 sdp
      op  < 200 sdp
      op  > INVITE sdp:sendonly
      op  < 491
      op  > ACK
      op  > ACK sdp | CSeq: 41 ACK
      pbx < ACK sdp
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 5407 §3.1.6 the caller hangs up before its ACK has come",
    bothWays: true,
    ladder: `
      ${ANSWERED}
      op  > BYE
      op  < 200
      pbx < ACK
      pbx < BYE
      pbx > 200
      streams 0
    `,
  },
  {
    name: "RFC 3261 §15 a callee that hangs up at once: the caller's BYE waits for its ACK",
    bothWays: true,
    ladder: `
      ${ANSWERED}
      pbx > BYE | Reason: Q.850;cause=16
      pbx < 200 BYE
      quiet
      op  > ACK
      op  < BYE | Reason: Q.850;cause=16
      op  > 200
      pbx < ACK
    `,
  },
  {
    name: "RFC 3261 §13.3.1.4 an answer that is never acknowledged: BYE on both sides",
    bothWays: true,
    ladder: `
      ${ANSWERED}
      wait 31000
      calls 1
      quiet
      wait 2000
      pbx < ACK
      pbx < BYE
      pbx > 200
      op  < BYE
      op  > 200
      streams 0
    `,
  },
  {
    name: "RFC 5407 §3.2.1 BYE crosses BYE",
    bothWays: true,
    ladder: `
      ${UP}
      op  > BYE
      op  < 200
      pbx < BYE
      pbx > BYE
      pbx < 200 BYE
      pbx > 200 BYE
      quiet
    `,
  },
  {
    name: "RFC 5407 §3.2.2 a re-INVITE that crosses BYE gets 481",
    bothWays: true,
    ladder: `
      ${UP}
      op  > BYE
      op  < 200
      pbx < BYE
      pbx > INVITE sdp:sendonly
      pbx < 481
      pbx > ACK
      pbx > 200 BYE
      quiet
    `,
  },
  {
    name: "RFC 5407 §3.2.3 the callee takes a re-INVITE that a BYE has overtaken",
    bothWays: true,
    ladder: `
      ${UP}
      op  > INVITE sdp:sendonly
      pbx < INVITE sdp:sendonly
      op  > BYE
      op  < 200 BYE
      op  < 487 INVITE
      op  > ACK
      pbx < BYE
      pbx > 200 INVITE sdp:recvonly
      pbx < ACK
      pbx > 200 BYE
      streams 0
    `,
  },
  {
    name: "RFC 5407 §3.3.2 UPDATE crosses a re-INVITE: who comes second gets 491",
    bothWays: true,
    ladder: `
      ${UP}
      op  > INVITE sdp:sendonly
      pbx < INVITE sdp:sendonly
      pbx > UPDATE sdp:inactive
      pbx < 491
      pbx > 200 INVITE sdp:recvonly
      op  < 200 INVITE sdp:recvonly
      op  > ACK
      pbx < ACK
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 3311 §5.2 a second offer before the first is answered gets 500 with Retry-After",
    bothWays: true,
    ladder: `
      ${UP}
      op  > INVITE sdp:sendonly
      pbx < INVITE sdp:sendonly
      op  > UPDATE sdp:inactive
      op  < 500 UPDATE | Retry-After: /^\\d+$/
      pbx > 200 INVITE sdp:recvonly
      op  < 200 INVITE sdp:recvonly
      op  > ACK
      pbx < ACK
      ${DOWN}
    `,
  },
  {
    name: "RFC 5407 §3.3.3 a REFER that crosses BYE gets 481",
    bothWays: true,
    ladder: `
      ${UP}
      op  > BYE
      op  < 200
      pbx < BYE
      pbx > REFER | Refer-To: <sip:4002@10.77.0.2>
      pbx < 481
      pbx > 200 BYE
    `,
  },
  {
    name: "RFC 3261 §9.2 a CANCEL for nothing gets 481",
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 486
      pbx < ACK
      op  < 486
      op  > ACK
      op/2 > CANCEL | Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKnothing
      op/2 < 481
    `,
  },
  {
    name: "RFC 3261 §9.1 the callee refuses while the CANCEL is under way",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 180
      op  < 180
      op  > CANCEL
      op  < 200 CANCEL
      op  < 487 INVITE
      op  > ACK
      pbx < CANCEL
      pbx > 486 INVITE
      pbx < ACK
      pbx > 481 CANCEL
      streams 0
    `,
  },
  {
    name: "RFC 3261 §9.1 a callee that never says what became of a CANCEL holds nothing",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 180
      op  < 180
      op  > CANCEL
      op  < 200 CANCEL
      op  < 487 INVITE
      op  > ACK
      pbx < CANCEL
      pbx > 200 CANCEL
      streams 0
      wait 33000
      calls 0
    `,
  },
];
