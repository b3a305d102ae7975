import type { Flow } from "../stage/flow.ts";
import { DOWN, HOLD, UP } from "./parts.ts";
import {
  ended,
  endedBy,
  INSIDE,
  LEFT,
  OUTSIDE,
  PERFORM,
  REPLACES,
  refer,
} from "./performed-parts.ts";

const CALLER = "P-Asserted-Identity: <sip:+33155555555@198.51.100.1>";
const KNOWN = UP.replace("op  > INVITE sdp", `op  > INVITE sdp | ${CALLER}`);
const HIDDEN = UP.replace("op  > INVITE sdp", `op  > INVITE sdp | ${CALLER} | Privacy: id`);

/** The target answers, and the transferee is told whom it has there. */
const joinedWith = (target: string, told = "", said = ""): string => `
  ${target} > 200 sdp:port=33000${said}
  op < INVITE sdp${told}
  op > 200 sdp:port=34000
  op < ACK
  ${target} < ACK sdp
  pbx < NOTIFY | ${ended("200 OK")}
  pbx > 200 NOTIFY
  ${LEFT}
  ${endedBy("op", target)}
`;

/** Who is told whom in a transfer that the gateway performs: RFC 3325, 3323 and 3892. */
export const IDENTITY_FLOWS: readonly Flow[] = [
  {
    name: "RFC 3325 §5 performed: the target in the PBX is told who the transferee is, who is told the target",
    site: PERFORM,
    ladder: `
      ${KNOWN}
      ${HOLD}
      ${refer(INSIDE)}
      pbx/2 < INVITE | P-Asserted-Identity: /^<sip:\\+33155555555@/ | Privacy: -
      ${joinedWith(
        "pbx/2",
        " | P-Asserted-Identity: /^<sip:4002@/",
        " | P-Asserted-Identity: <sip:4002@10.77.0.2>",
      )}
    `,
  },
  {
    name: "RFC 3325 §9.3 performed: the target in the PBX hears that the transferee hides, as of any call",
    site: PERFORM,
    ladder: `
      ${HIDDEN}
      ${HOLD}
      ${refer(INSIDE)}
      pbx/2 < INVITE | P-Asserted-Identity: /^<sip:\\+33155555555@/ | Privacy: id
      ${joinedWith("pbx/2")}
    `,
  },
  {
    name: "RFC 3325 §7 performed: an operator that isn't trusted is not told who hides",
    site: PERFORM,
    ladder: `
      ${HIDDEN}
      ${HOLD}
      ${refer(OUTSIDE)}
      op/2 < INVITE | P-Asserted-Identity: - | Privacy: id
      ${joinedWith("op/2")}
    `,
  },
  {
    name: "RFC 3325 §7 performed: an operator that is trusted is told, by the trunk's number rules",
    site: {
      trunk: {
        refer: "perform",
        identityHeaders: { assertedIdentity: "trusted" },
        numberRules: { out: [{ number: "calling", prefix: "+33", strip: 3, prepend: "0" }] },
      },
    },
    ladder: `
      ${HIDDEN}
      ${HOLD}
      ${refer(OUTSIDE)}
      op/2 < INVITE | P-Asserted-Identity: /^<sip:0155555555@/ | Privacy: id
      ${joinedWith("op/2")}
    `,
  },
  {
    name: "RFC 3325 §5 attended, performed: both of the operator's are told whom they have now",
    site: PERFORM,
    ladder: `
      ${KNOWN}
      ${HOLD}
      pbx/2 > INVITE sdp:port=33000 0456
      op/2  < INVITE sdp
      op/2  > 200 sdp:port=33000 | P-Asserted-Identity: <sip:0456@198.51.100.1>
      pbx/2 < 200 sdp
      pbx/2 > ACK
      op/2  < ACK
      ${refer(REPLACES)}
      op/2 < INVITE | P-Asserted-Identity: /^<sip:\\+33155555555@/
      op/2 > 200 sdp:port=33000
      op < INVITE sdp | P-Asserted-Identity: /^<sip:0456@/
      op > 200 sdp
      op < ACK
      op/2 < ACK sdp
      pbx/2 < BYE
      pbx < NOTIFY | ${ended("200 OK")}
      pbx/2 > 200
      pbx > 200 NOTIFY
      ${LEFT}
      ${endedBy("op", "op/2")}
    `,
  },
  {
    name: "RFC 3323 §4.2 performed: a referrer that hides is not told of",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE, " | Referred-By: <sip:4001@10.77.0.2> | Privacy: id")}
      pbx/2 < INVITE | Referred-By: - | Privacy: -
      pbx/2 > 486
      pbx/2 < ACK
      pbx < NOTIFY | ${ended("486 Busy Here")}
      pbx > 200 NOTIFY
      ${DOWN}
    `,
  },
];
