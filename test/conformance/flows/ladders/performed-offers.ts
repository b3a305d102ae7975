import type { Flow } from "../stage/flow.ts";
import { UP } from "./parts.ts";
import { ended, endedBy, INSIDE, LEFT, PERFORM, RINGING, refer } from "./performed-parts.ts";

/** Offers, challenges and timers that meet those of a performed transfer. */
export const OFFER_FLOWS: readonly Flow[] = [
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
      pbx > INFO | body: text/plain for nobody
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
    name: "RFC 3311, RFC 2976 performed: who is alone is answered what needs nobody else",
    site: PERFORM,
    ladder: `
      op  > INVITE sdp | Supported: timer | Session-Expires: 1800;refresher=uac | Allow: UPDATE
      pbx < INVITE sdp
      pbx > 200 sdp
      op  < 200 sdp | Session-Expires: 1800;refresher=uac
      op  > ACK
      pbx < ACK
      ${refer(INSIDE)}
      pbx > BYE
      pbx < 200
      pbx/2 < INVITE
      pbx/2 > 180
      pbx < NOTIFY | ${RINGING}
      pbx > 481 NOTIFY
      op > OPTIONS
      op < 200 OPTIONS | Allow: /UPDATE/ | Accept: /application.sdp/
      op > INFO
      op < 200 INFO
      op > UPDATE | Supported: timer | Session-Expires: 900;refresher=uac
      op < 200 UPDATE | Session-Expires: 900;refresher=uac | Contact: /192.0.2.1/
      op > UPDATE | Supported: timer | Session-Expires: 10
      op < 422 UPDATE
      op > UPDATE sdp
      op < 491 UPDATE
      pbx/2 > OPTIONS
      pbx/2 < 200 OPTIONS
      pbx/2 > 200 INVITE sdp:port=33000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      pbx/2 < ACK sdp
      media op pbx/2
      ${endedBy("op", "pbx/2")}
    `,
  },
];
