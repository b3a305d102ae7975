// Parts that the flows of performed transfers share.

import { CONSULT, HOLD, UP } from "./parts.ts";

export const PERFORM = { trunk: { refer: "perform" } };

/** What a NOTIFY of a transfer says, as fields of its ladder step. */
export const notice = (state: string, status: string, event = "refer"): string =>
  `Event: ${event} | Subscription-State: ${state} | body: message/sipfrag;version=2.0 SIP/2.0 ${status}\\r\\n`;

export const TRYING = notice("/^active;expires=[1-9]/", "100 Trying");
export const RINGING = notice("/^active;expires=[1-9]/", "180 Ringing");
export const ended = (status: string, event?: string): string =>
  notice("terminated;reason=noresource", status, event);

/** The PBX refers, and hears that it is being tried. */
export const refer = (to: string, more = ""): string => `
  pbx > REFER | Refer-To: <${to}>${more}
  pbx < 202 REFER
  pbx < NOTIFY | ${TRYING}
  pbx > 200 NOTIFY
`;

export const INSIDE = "sip:4002@10.77.0.2";
export const OUTSIDE = "sip:0777@10.77.0.1:5062";

/** The target is called, and answers with an offer; the transferee takes it. */
export const joined = (target: string, transferee = "op"): string => `
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
export const LEFT = `
  pbx > BYE
  pbx < 200
  calls 1
  streams 1
`;

export const endedBy = (one: string, other: string): string => `
  ${one} > BYE
  ${one} < 200
  ${other} < BYE
  ${other} > 200
  streams 0
`;

/** Two calls of the PBX, both with the operator, and one is to take the other's place. */
export const CONSULTED = `${UP}${HOLD}${CONSULT}`;
export const REPLACES = `sip:0456@10.77.0.1:5062?Replaces={pbx_2_id%}%3Bto-tag%3D{pbx_2_remote}%3Bfrom-tag%3D{pbx_2_local}`;
