import type { Flow } from "../stage/flow.ts";
import { DOWN, UP, UP_OUT } from "./parts.ts";

/** What happens before the answer: RFC 3262, 3311, 3960, and forking (RFC 3261 §13.2.2.4). */
export const EARLY_FLOWS: readonly Flow[] = [
  {
    name: "RFC 3262 §3 a reliable 183 is acknowledged from end to end, its RAck translated",
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: 100rel
      pbx < INVITE sdp | Supported: /100rel/
      pbx > 183 sdp | Require: 100rel | RSeq: 7001
      op  < 183 sdp | Require: 100rel | RSeq: 7001
      op  > PRACK | RAck: 7001 41 INVITE
      pbx < PRACK | RAck: 7001 {theirs} INVITE
      pbx > 200 PRACK
      op  < 200 PRACK
      media op pbx
      pbx > 180 INVITE | Require: 100rel | RSeq: 7002
      op  < 180 INVITE | RSeq: 7002
      op  > PRACK | RAck: 7002 41 INVITE
      pbx < PRACK | RAck: 7002 {theirs} INVITE
      pbx > 200 PRACK
      op  < 200 PRACK
      pbx > 200 INVITE
      op  < 200 INVITE
      op  > ACK
      pbx < ACK
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 3262 §5 the offer comes in a reliable 183, the answer in its PRACK",
    bothWays: true,
    ladder: `
      op  > INVITE | Supported: 100rel
      pbx < INVITE
      pbx > 183 sdp | Require: 100rel | RSeq: 1
      op  < 183 sdp
      op  > PRACK sdp | RAck: 1 41 INVITE
      pbx < PRACK sdp
      pbx > 200 PRACK
      op  < 200 PRACK
      media op pbx
      pbx > 200 INVITE
      op  < 200 INVITE
      op  > ACK
      pbx < ACK
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 3262 §5 a PRACK bears a second offer, its 200 the answer",
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: 100rel
      pbx < INVITE sdp
      pbx > 183 sdp | Require: 100rel | RSeq: 1
      op  < 183 sdp
      op  > PRACK sdp:sendonly | RAck: 1 41 INVITE
      pbx < PRACK sdp:sendonly
      pbx > 200 PRACK sdp:recvonly
      op  < 200 PRACK sdp:recvonly
      media op pbx
      pbx > 200 INVITE
      op  < 200 INVITE
      op  > ACK
      pbx < ACK
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 3262 §3 a PRACK for no answer of the callee is refused by it",
    ladder: `
      op  > INVITE sdp | Supported: 100rel
      pbx < INVITE sdp
      pbx > 180 | Require: 100rel | RSeq: 5
      op  < 180 | RSeq: 5
      op  > PRACK | RAck: 6 41 INVITE
      pbx < PRACK | RAck: /^6 \\d+ INVITE$/
      pbx > 481 PRACK
      op  < 481 PRACK
      op  > PRACK | RAck: 5 41 INVITE
      pbx < PRACK | RAck: /^5 \\d+ INVITE$/
      pbx > 200 PRACK
      op  < 200 PRACK
      op  > CANCEL
      op  < 200 CANCEL
      op  < 487 INVITE
      op  > ACK
      pbx < CANCEL
      pbx > 200 CANCEL
      pbx > 487 INVITE
      pbx < ACK
    `,
  },
  {
    name: "RFC 3311 §5.1 an UPDATE in the early dialog, from the caller",
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: 100rel
      pbx < INVITE sdp
      pbx > 183 sdp | Require: 100rel | RSeq: 1
      op  < 183 sdp
      op  > PRACK | RAck: 1 41 INVITE
      pbx < PRACK
      pbx > 200 PRACK
      op  < 200 PRACK
      op  > UPDATE sdp:port=32000
      pbx < UPDATE sdp
      pbx > 200 UPDATE sdp
      op  < 200 UPDATE sdp
      media op pbx
      pbx > 200 INVITE
      op  < 200 INVITE
      op  > ACK
      pbx < ACK
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 3311 §5.1 an UPDATE in the early dialog, from the callee",
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: 100rel
      pbx < INVITE sdp
      pbx > 183 sdp | Require: 100rel | RSeq: 1
      op  < 183 sdp
      op  > PRACK | RAck: 1 41 INVITE
      pbx < PRACK
      pbx > 200 PRACK
      op  < 200 PRACK
      pbx > UPDATE sdp:sendonly
      op  < UPDATE sdp:sendonly
      op  > 200 UPDATE sdp:recvonly
      pbx < 200 UPDATE sdp:recvonly
      media op pbx
      pbx > 200 INVITE
      op  < 200 INVITE
      op  > ACK
      pbx < ACK
      ${DOWN}
    `,
  },
  {
    name: "RFC 3960 §3.2 early media in an unreliable 183, repeated in the answer",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 183 sdp
      op  < 183 sdp
      media op pbx
      pbx > 180
      op  < 180
      pbx > 200 sdp
      op  < 200 sdp
      ports op same
      op  > ACK
      pbx < ACK
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 3261 §13.2.2.4 two callees ring, one answers",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx#a > 180
      op#a < 180
      pbx#b > 183 sdp
      op#b < 183 sdp
      pbx#a > 200 sdp
      op#a < 200 sdp
      op#a > ACK
      pbx#a < ACK
      media op#a pbx#a
      op#a > BYE
      op#a < 200
      pbx#a < BYE
      pbx#a > 200
    `,
  },
  {
    name: "RFC 3261 §13.2.2.4 two callees send early media, the first one answers",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx#a > 183 sdp
      op#a < 183 sdp
      media op#a pbx#a
      pbx#b > 183 sdp:port=34000
      op#b < 183 sdp
      media op#b pbx#b
      pbx#a > 200 sdp
      op#a < 200 sdp
      op#a > ACK
      pbx#a < ACK
      media op#a pbx#a
      op#a > BYE
      op#a < 200
      pbx#a < BYE
      pbx#a > 200
    `,
  },
  {
    name: "RFC 3261 §13.2.2.4 a second callee answers late: it is acknowledged and hung up",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx#a > 180
      op#a < 180
      pbx#b > 180
      op#b < 180
      pbx#a > 200 sdp
      op#a < 200 sdp
      op#a > ACK
      pbx#a < ACK
      wait 300
      pbx#b > 200 INVITE sdp:port=34000
      pbx#b < ACK
      pbx#b < BYE
      pbx#b > 200 BYE
      media op#a pbx#a
      wait 5000
      op#a > BYE
      op#a < 200
      pbx#a < BYE
      pbx#a > 200
    `,
  },
  {
    name: "RFC 3261 §12.2.1.1 a callee that answers after another has had PRACK: its BYE counts on from there",
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: 100rel
      pbx < INVITE sdp
      pbx#a > 180
      op#a < 180
      pbx#b > 180 | Require: 100rel | RSeq: 900
      op#b < 180 | RSeq: 900
      op#b > PRACK | RAck: 900 41 INVITE
      pbx#b < PRACK
      pbx#b > 200 PRACK
      op#b < 200 PRACK
      pbx#a > 200 INVITE sdp
      op#a < 200 INVITE sdp
      op#a > ACK
      pbx#a < ACK
      pbx#b > 200 INVITE sdp:port=34000
      pbx#b < ACK
      pbx#b < BYE
      pbx#b > 200 BYE
      op#a > BYE
      op#a < 200
      pbx#a < BYE
      pbx#a > 200
    `,
  },
  {
    name: "RFC 3261 §12.2.1.1 a callee that answers across the CANCEL after PRACK: its BYE counts on from there",
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: 100rel
      pbx < INVITE sdp
      pbx > 180 | Require: 100rel | RSeq: 900
      op  < 180 | RSeq: 900
      op  > PRACK | RAck: 900 41 INVITE
      pbx < PRACK
      pbx > 200 PRACK
      op  < 200 PRACK
      op  > CANCEL
      op  < 200 CANCEL
      op  < 487 INVITE
      op  > ACK
      pbx > 200 INVITE sdp
      pbx < CANCEL
      pbx < ACK
      pbx < BYE
      pbx > 200 CANCEL
      pbx > 200 BYE
    `,
  },
  {
    name: "RFC 5057 §5.1 a 481 in one of two early dialogs ends that one alone",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx#a > 183 sdp
      op#a < 183 sdp
      pbx#b > 183 sdp:port=34000
      op#b < 183 sdp
      op#a > UPDATE sdp:port=32000
      pbx#a < UPDATE sdp
      pbx#a > 481 UPDATE
      op#a < 481 UPDATE
      pbx#a < BYE
      pbx#a > 481 BYE
      op#a > UPDATE
      op#a < 481 UPDATE
      pbx#b > 200 INVITE sdp:port=34000
      op#b < 200 INVITE sdp
      op#b > ACK
      pbx#b < ACK
      media op#b pbx#b
      op#b > BYE
      op#b < 200
      pbx#b < BYE
      pbx#b > 200
    `,
  },
  {
    name: "RFC 3261 §12.2.1.2 silence in one of two early dialogs ends that one alone; its late answer is hung up",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx#a > 183 sdp
      op#a < 183 sdp
      pbx#b > 180
      op#b < 180
      op#a > UPDATE
      pbx#a < UPDATE
      within 33000
      pbx#a < BYE
      pbx#a > 200 BYE
      pbx#a > 200 INVITE sdp
      pbx#a < ACK
      pbx#a < BYE
      pbx#a > 200 BYE
      pbx#b > 200 INVITE sdp:port=34000
      op#b < 200 INVITE sdp
      op#b > ACK
      pbx#b < ACK
      media op#b pbx#b
      op#b > BYE
      op#b < 200
      pbx#b < BYE
      pbx#b > 200
    `,
  },
  {
    name: "RFC 3261 §15 BYE of the caller in one of two early dialogs ends that one alone",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx#a > 180
      op#a < 180
      pbx#b > 180
      op#b < 180
      op#a > BYE | Reason: Q.850;cause=17
      op#a < 200 BYE
      pbx#a < BYE | Reason: Q.850;cause=17
      pbx#a > 200 BYE
      pbx#b > 200 INVITE sdp
      op#b < 200 INVITE sdp
      op#b > ACK
      pbx#b < ACK
      op#b > BYE
      op#b < 200
      pbx#b < BYE
      pbx#b > 200
    `,
  },
  {
    name: "RFC 5057 §5.1 a 481 in the only early dialog leaves the INVITE: another may ring yet",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx#a > 183 sdp
      op#a < 183 sdp
      op#a > UPDATE
      pbx#a < UPDATE
      pbx#a > 481 UPDATE
      op#a < 481 UPDATE
      pbx#a < BYE
      pbx#a > 481 BYE
      pbx#b > 200 INVITE sdp:port=34000
      op#b < 200 INVITE sdp
      op#b > ACK
      pbx#b < ACK
      op#b > BYE
      op#b < 200
      pbx#b < BYE
      pbx#b > 200
    `,
  },
  {
    name: "RFC 3261 §12.2.1.2 a caller that knows its only early dialog no more ends the call",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 183 sdp
      op  < 183 sdp
      pbx > UPDATE
      op  < UPDATE
      op  > 481 UPDATE
      pbx < 481 UPDATE
      pbx < CANCEL
      op  < 481 INVITE
      op  > ACK
      pbx > 200 CANCEL
      pbx > 487 INVITE
      pbx < ACK
    `,
  },
  {
    name: "RFC 3262 §4 each fork's reliable answer is acknowledged in its own dialog",
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: 100rel
      pbx < INVITE sdp
      pbx#a > 183 | Require: 100rel | RSeq: 10
      op#a < 183 | RSeq: 10
      pbx#b > 183 | Require: 100rel | RSeq: 900
      op#b < 183 | RSeq: 900
      op#b > PRACK | RAck: 900 41 INVITE
      pbx#b < PRACK
      pbx#b > 200 PRACK
      op#b < 200 PRACK
      op#a > PRACK | RAck: 10 41 INVITE
      pbx#a < PRACK
      pbx#a > 200 PRACK
      op#a < 200 PRACK
      pbx#b > 200 INVITE sdp
      op#b < 200 INVITE sdp
      op#b > ACK
      pbx#b < ACK
      op#b > BYE
      op#b < 200
      pbx#b < BYE
      pbx#b > 200
    `,
  },
  {
    name: "RFC 3261 §13.2.1 an INVITE without offer: the offer in the 200, the answer in the ACK",
    bothWays: true,
    ladder: `
      op  > INVITE
      pbx < INVITE
      pbx > 180
      op  < 180
      pbx > 200 sdp
      op  < 200 sdp
      op  > ACK sdp
      pbx < ACK sdp
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 3261 §13.2.2.4 an ACK whose answer can't be taken: the callee gets its ACK, then the BYE",
    bothWays: true,
    ladder: `
      op  > INVITE
      pbx < INVITE
      pbx > 200 sdp
      op  < 200 sdp
      op  > ACK | body: application/sdp nonsense
      pbx < ACK
      pbx < BYE
      op  < BYE
      pbx > 200 BYE
      op  > 200 BYE
      pbx > 200 INVITE sdp
      pbx < ACK
    `,
  },
  {
    name: "RFC 6228 §4 a callee of several gives up: its early dialog ends by 199, the other's lives",
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Supported: 199
      pbx < INVITE sdp
      pbx#a > 183 sdp
      op#a < 183 sdp
      pbx#b > 180
      op#b < 180
      pbx#a > 199 INVITE | Reason: SIP;cause=486
      op#a < 199 INVITE | Reason: SIP;cause=486
      pbx#b > 200 INVITE sdp:port=34000
      op#b < 200 INVITE sdp
      op#b > ACK
      pbx#b < ACK
      media op#b pbx#b
      op#b > BYE
      op#b < 200
      pbx#b < BYE
      pbx#b > 200
    `,
  },
  {
    name: "RFC 3261 §16.8 a callee that rings for ever is given up: the caller is told by 480",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 180
      op  < 180
      wait 170000
      quiet
      within 20000
      op  < 480
      op  > ACK
      pbx < CANCEL
      pbx > 200 CANCEL
      pbx > 487 INVITE
      pbx < ACK
      streams 0
    `,
  },
  {
    name: "RFC 3261 §15 a caller who says BYE in the early dialog ends the call",
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
      pbx > 200 CANCEL
      pbx > 487 INVITE
      pbx < ACK
    `,
  },
  {
    name: "RFC 3891 §3 an answered call is replaced by one that names it",
    ladder: `
      ${UP_OUT.replace("INVITE sdp", "INVITE sdp | Supported: replaces")}
      op/2  > INVITE sdp | Replaces: {op_id};to-tag={op_remote};from-tag={op_local}
      pbx/2 < INVITE sdp | Replaces: {pbx_id};to-tag={pbx_local};from-tag={pbx_remote}
      pbx/2 > 200 sdp
      op/2  < 200 sdp
      op/2  > ACK
      pbx/2 < ACK
      media op/2 pbx/2
      pbx > BYE
      pbx < 200
      op  < BYE
      op  > 200
      op/2  > BYE
      op/2  < 200
      pbx/2 < BYE
      pbx/2 > 200
    `,
  },
  {
    name: "RFC 3891 §3 a call that rings is not taken over from who makes it: 481, and it rings on",
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 180
      op  < 180
      op/2 > INVITE sdp | Replaces: {op_id};to-tag={op_remote};from-tag={op_local}
      op/2 < 481
      op/2 > ACK
      pbx > 200 sdp
      op  < 200 sdp
      op  > ACK
      pbx < ACK
      ${DOWN}
    `,
  },
  {
    name: "RFC 3891 §3 who picks up a call that rings, and it has been answered, gets 486",
    ladder: `
      ${UP}
      pbx/2 > INVITE sdp | Replaces: {pbx_id};to-tag={pbx_remote};from-tag={pbx_local};early-only
      pbx/2 < 486
      pbx/2 > ACK
      ${DOWN}
    `,
  },
  {
    name: "RFC 3891 §3 an INVITE that would replace a call that isn't there gets 481",
    ladder: `
      op  > INVITE sdp | Replaces: nothing@nowhere;to-tag=1;from-tag=2
      op  < 481
      op  > ACK
      quiet
    `,
  },
];
