import type { Flow } from "../stage/flow.ts";
import { DOWN, DOWN_BY_CALLEE, UP } from "./parts.ts";

/** Offers in a call that is up: RFC 3261 §14, 3264, 3311, with glare, streams and fax. */
export const RENEGOTIATION_FLOWS: readonly Flow[] = [
  {
    name: "RFC 3261 §13.2.2.4 an ACK of a re-INVITE whose answer can't be taken: first the ACK, then the BYE",
    bothWays: true,
    ladder: `
      ${UP}
      op  > INVITE
      pbx < INVITE
      pbx > 200 sdp
      op  < 200 sdp
      op  > ACK | body: application/sdp nonsense
      pbx < ACK
      pbx < BYE
      op  < BYE
      pbx > 200
      op  > 200
    `,
  },
  {
    name: "RFC 3261 §14 a re-INVITE gets new ports, and the old ones are released",
    bothWays: true,
    ladder: `
      ${UP}
      op  > INVITE sdp
      pbx < INVITE sdp
      ports pbx changed
      pbx > 200 sdp
      op  < 200 sdp
      ports op changed
      op  > ACK
      pbx < ACK
      media op pbx
      streams 1
      ${DOWN}
    `,
  },
  {
    name: "RFC 3264 §8 without a change of ports a renegotiation keeps them",
    site: { settings: { rtp: { changePortOnRenegotiation: "no" } } },
    bothWays: true,
    ladder: `
      ${UP}
      op  > INVITE sdp:sendonly
      pbx < INVITE sdp:sendonly
      ports pbx same
      pbx > 200 sdp:recvonly
      op  < 200 sdp:recvonly
      ports op same
      op  > ACK
      pbx < ACK
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 3261 §14.1 a refused re-INVITE leaves call and media as they were",
    bothWays: true,
    ladder: `
      ${UP}
      op  > INVITE sdp:audio+video
      pbx < INVITE sdp:audio+video
      pbx > 488
      pbx < ACK
      op  < 488
      op  > ACK
      streams 1
      calls 1
      ${DOWN}
    `,
  },
  {
    name: "RFC 3261 §14.1 a re-INVITE without offer",
    bothWays: true,
    ladder: `
      ${UP}
      op  > INVITE
      pbx < INVITE
      pbx > 200 sdp
      op  < 200 sdp
      op  > ACK sdp
      pbx < ACK sdp
      media op pbx
      ${DOWN_BY_CALLEE}
    `,
  },
  {
    name: "RFC 3261 §14.2 glare: who comes second gets 491, and succeeds later",
    bothWays: true,
    ladder: `
      ${UP}
      op  > INVITE sdp:sendonly
      pbx < INVITE sdp:sendonly
      pbx > INVITE sdp:inactive
      pbx < 491
      pbx > ACK
      pbx > 200 INVITE sdp:recvonly
      op  < 200 INVITE sdp:recvonly
      op  > ACK
      pbx < ACK
      wait 2500
      pbx > INVITE sdp:inactive
      op  < INVITE sdp:inactive
      op  > 200 INVITE sdp:inactive
      pbx < 200 INVITE sdp:inactive
      pbx > ACK
      op  < ACK
      ${DOWN}
    `,
  },
  {
    name: "RFC 3261 §14.2 glare at the callee itself: its 491 crosses",
    bothWays: true,
    ladder: `
      ${UP}
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 491
      pbx < ACK
      op  < 491
      op  > ACK
      calls 1
      ${DOWN}
    `,
  },
  {
    name: "RFC 3261 §14 a re-INVITE is cancelled, and the call goes on",
    bothWays: true,
    ladder: `
      ${UP}
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 180
      op  < 180
      op  > CANCEL
      op  < 200 CANCEL
      pbx < CANCEL
      pbx > 200 CANCEL
      pbx > 487 INVITE
      pbx < ACK
      op  < 487 INVITE
      op  > ACK
      calls 1
      streams 1
      ${DOWN}
    `,
  },
  {
    name: "RFC 3261 §12.2.1.2 a re-INVITE that meets 481 ends the call on both sides",
    ladder: `
      ${UP}
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 481
      pbx < ACK
      op  < 481
      op  > ACK
      op  < BYE
      op  > 200 BYE
      pbx < BYE
      pbx > 481 BYE
    `,
  },
  {
    name: "RFC 3261 §14 a stream is added, and later refused",
    bothWays: true,
    ladder: `
      ${UP}
      pbx > INVITE sdp:audio+video
      op  < INVITE sdp:audio+video
      op  > 200 sdp:audio+video
      pbx < 200 sdp:audio+video
      pbx > ACK
      op  < ACK
      media op pbx
      streams 2
      op  > INVITE sdp:audio+-video
      pbx < INVITE sdp:audio+-video
      pbx > 200 sdp:audio+-video
      op  < 200 sdp:audio+-video
      op  > ACK
      pbx < ACK
      media op pbx
      streams 1
      ${DOWN}
    `,
  },
  {
    name: "RFC 3311 §5 UPDATE renegotiates a call that is up",
    bothWays: true,
    ladder: `
      ${UP}
      pbx > UPDATE sdp:sendonly
      op  < UPDATE sdp:sendonly
      op  > 200 sdp:recvonly
      pbx < 200 sdp:recvonly
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 3264 §6 T.38: a re-INVITE to fax over opaque UDP, and back",
    bothWays: true,
    ladder: `
      ${UP}
      pbx > INVITE sdp:t38:port=36000
      op  < INVITE sdp:t38
      op  > 200 sdp:t38:port=36002
      pbx < 200 sdp:t38
      pbx > ACK
      op  < ACK
      media op pbx
      opaque 1
      op  > INVITE sdp:audio
      pbx < INVITE sdp:audio
      pbx > 200 sdp:audio
      op  < 200 sdp:audio
      op  > ACK
      pbx < ACK
      media op pbx
      opaque 0
      ${DOWN}
    `,
  },
  {
    name: "RFC 3264 §8.2 T.38 beside the audio, which is refused, and both for a fax from the start",
    bothWays: true,
    ladder: `
      ${UP}
      pbx > INVITE sdp:-audio+t38:port=36000
      op  < INVITE sdp:-audio+t38
      op  > 200 sdp:-audio+t38:port=36002
      pbx < 200 sdp:-audio+t38
      pbx > ACK
      op  < ACK
      media op pbx
      opaque 1
      streams 1
      ${DOWN}
      op/2  > INVITE sdp:t38
      pbx/2 < INVITE sdp:t38
      pbx/2 > 200 sdp:t38
      op/2  < 200 sdp:t38
      op/2  > ACK
      pbx/2 < ACK
      media op/2 pbx/2
      opaque 1
      op/2  > BYE
      op/2  < 200
      pbx/2 < BYE
      pbx/2 > 200
    `,
  },
  {
    name: "RFC 3264 §6 T.38 that is not allowed: 488, and the call goes on",
    site: { settings: { media: { opaque: "refuse" } } },
    bothWays: true,
    ladder: `
      ${UP}
      pbx > INVITE sdp:t38:port=36000
      pbx < 488
      pbx > ACK
      calls 1
      media op pbx
      ${DOWN}
    `,
  },
  {
    name: "RFC 3264 §6 T.38 that the other end refuses: 488 crosses, the audio stays",
    bothWays: true,
    ladder: `
      ${UP}
      pbx > INVITE sdp:t38:port=36000
      op  < INVITE sdp:t38
      op  > 488
      op  < ACK
      pbx < 488
      pbx > ACK
      streams 1
      opaque 0
      ${DOWN}
    `,
  },
];
