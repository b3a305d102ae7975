import type { Flow } from "../stage/flow.ts";
import { CONSULT, CONSULT_DOWN, DOWN, HOLD, RESUME, UP } from "./parts.ts";

/** RFC 5359 §2.7 to §2.18: forwarding, conferences, screening, park, pickup, redial, click to dial. */
export const SERVICE_FLOWS: readonly Flow[] = [
  {
    name: "RFC 5359 §2.7 unconditional forwarding by the PBX: the caller hears 181, and who answered",
    site: { masked: true },
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 181 | Diversion: <sip:0123@10.77.0.2>;reason=unconditional
      op  < 181 | Diversion: /^<sip:0123@192\\.0\\.2\\.1[^>]*>;reason=unconditional$/
      pbx#c > 180
      op#c < 180
      pbx#c > 200 sdp
      op#c < 200 sdp
      op#c > ACK
      pbx#c < ACK
      op#c > BYE
      op#c < 200
      pbx#c < BYE
      pbx#c > 200
    `,
  },
  {
    name: "RFC 5359 §2.7 unconditional forwarding by 302 is passed to the PBX, which calls anew",
    site: { masked: true },
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      op  > 302 | Contact: <sip:777@198.51.100.2>
      op  < ACK
      pbx < 302 | Contact: <sip:777@10.77.0.1:5062>
      pbx > ACK
      pbx/2 > INVITE sdp 777 | Diversion: <sip:0123@10.77.0.1>;reason=unconditional
      op/2  < INVITE sdp | Diversion: /^<sip:0123@.*;reason=unconditional$/
      op/2  > 200 sdp
      pbx/2 < 200 sdp
      pbx/2 > ACK
      op/2  < ACK
      pbx/2 > BYE
      pbx/2 < 200
      op/2  < BYE
      op/2  > 200
    `,
  },
  {
    name: "RFC 5359 §2.8 forwarding when busy: the PBX's 302 reaches the operator",
    site: { masked: true },
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 302 | Contact: <sip:4002@10.77.0.2> | Diversion: <sip:0123@10.77.0.2>;reason=user-busy
      pbx < ACK
      op  < 302 | Contact: <sip:4002@192.0.2.1:5060> | Diversion: /reason=user-busy$/
      op  > ACK
      streams 0
    `,
  },
  {
    name: "RFC 5359 §2.9 forwarding when nobody answers: 302 after ringing is followed",
    site: { trunk: { redirects: "follow" } },
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      op  > 180
      pbx < 180
      wait 9000
      op  > 302 | Contact: <sip:777@198.51.100.2>
      op  < ACK
      op2 < INVITE sdp
      op2 > 180
      pbx#2 < 180
      op2 > 200 sdp
      pbx#2 < 200 sdp
      pbx#2 > ACK
      op2 < ACK
      media op2 pbx#2
      pbx#2 > BYE
      pbx#2 < 200
      op2 < BYE
      op2 > 200
    `,
  },
  {
    name: "RFC 5359 §2.10 three-way conference: a third party is added by the PBX's focus",
    ladder: `
      ${UP}
      ${HOLD}
      ${CONSULT}
      pbx > INVITE sdp:at=10.77.0.40:port=41000 | Contact: <sip:pbx@10.77.0.2:5060>;isfocus
      op  < INVITE sdp
      op  > 200 sdp
      pbx < 200 sdp
      pbx > ACK
      op  < ACK
      media op pbx
      pbx/2 > INVITE sdp:at=10.77.0.40:port=41002 | Contact: <sip:pbx@10.77.0.2:5060>;isfocus
      op/2  < INVITE sdp
      op/2  > 200 sdp:port=33000
      pbx/2 < 200 sdp
      pbx/2 > ACK
      op/2  < ACK
      media op/2 pbx/2
      ${CONSULT_DOWN}
      ${DOWN}
    `,
  },
  {
    name: "RFC 5359 §2.10 the focus tells that it is one (RFC 4579 §5.2)",
    ladder: `
      ${UP}
      pbx > INVITE sdp | Contact: <sip:pbx@10.77.0.2:5060>;isfocus
      op  < INVITE sdp | Contact: /;isfocus/
      op  > 200 sdp
      pbx < 200 sdp
      pbx > ACK
      op  < ACK
      ${DOWN}
    `,
  },
  {
    name: "RFC 5359 §2.11 three-way conference: who would join a call that it needs is told 420",
    ladder: `
      ${UP}
      op/2  > INVITE sdp | Require: join | Join: {op_id};to-tag={op_remote};from-tag={op_local}
      op/2  < 420 | Unsupported: join
      op/2  > ACK
      ${DOWN}
    `,
  },
  {
    name: "RFC 5359 §2.11 three-way conference: a third party joins by Join",
    ladder: `
      ${UP}
      op/2  > INVITE sdp | Join: {op_id};to-tag={op_remote};from-tag={op_local}
      pbx/2 < INVITE sdp | Join: {pbx_id};to-tag={pbx_local};from-tag={pbx_remote}
    `,
  },
  {
    name: "RFC 3911 §4 an INVITE whose Join the gateway can't carry is a call like any other",
    bothWays: true,
    ladder: `
      ${UP}
      op/2  > INVITE sdp:port=33000 | Join: {op_id};to-tag={op_remote};from-tag={op_local}
      pbx/2 < INVITE sdp | Join: -
      pbx/2 > 200 sdp:port=33000
      op/2  < 200 sdp
      op/2  > ACK
      pbx/2 < ACK
      op/2  > BYE
      op/2  < 200
      pbx/2 < BYE
      pbx/2 > 200
      ${DOWN}
    `,
  },
  {
    name: "RFC 5359 §2.12 find-me: one place after the other by 3xx, the preferred first",
    site: {
      trunk: { redirects: "follow", sourceAddresses: ["198.51.100.0/24"] },
      also: { "198.51.100.30": "op", "198.51.100.31": "op" },
    },
    ladder: `
      pbx  > INVITE sdp
      op   < INVITE sdp
      op   > 300 | Contact: <sip:1@198.51.100.30>;q=0.2, <sip:2@198.51.100.31>;q=0.9
      op   < ACK
      op   < INVITE sdp | To: /sip:2@/
      op   > 503
      op   < ACK
      op   < INVITE sdp | To: /sip:1@/
      op#b > 180
      pbx  < 180
      op#b > 200 sdp
      pbx  < 200 sdp
      pbx  > ACK
      op#b < ACK
      pbx  > BYE
      pbx  < 200
      op#b < BYE
      op#b > 200
    `,
  },
  {
    name: "RFC 5359 §2.13 incoming call screening: the operator's refusal crosses",
    bothWays: true,
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      op  > 403
      op  < ACK
      pbx < 403
      pbx > ACK
    `,
  },
  {
    name: "RFC 5359 §2.14 outgoing call screening: the operator wants credentials, then refuses",
    site: { trunk: { credentials: { user: "alice", password: "wonder" } } },
    ladder: `
      pbx > INVITE sdp 0900
      op  < INVITE sdp
      op  > 407 | Proxy-Authenticate: Digest realm="operator", nonce="84a4cc6f", qop="auth"
      op  < ACK
      op  < INVITE sdp | Proxy-Authorization: /realm="operator"/
      op  > 403 | Reason: Q.850;cause=21;text="Call rejected"
      op  < ACK
      pbx < 403 | Reason: Q.850;cause=21;text="Call rejected"
      pbx > ACK
    `,
  },
  {
    name: "RFC 5359 §2.15 call park: the park server takes the call in the phone's place",
    ladder: `
      ${UP.replace("INVITE sdp", "INVITE sdp | Supported: replaces")}
      pbx/2 > INVITE sdp:at=10.77.0.50:port=42000 4001 | Replaces: {pbx_id};to-tag={pbx_remote};from-tag={pbx_local}
      op/2  < INVITE sdp | Replaces: {op_id};to-tag={op_local};from-tag={op_remote}
      op/2  > 200 sdp:port=33000
      pbx/2 < 200 sdp
      pbx/2 > ACK
      op/2  < ACK
      media op/2 pbx/2
      op  > BYE
      op  < 200
      pbx < BYE
      pbx > 200
      streams 1
      ${CONSULT_DOWN}
    `,
  },
  {
    name: "RFC 5359 §2.16 call pickup: another phone of the PBX answers the call that rings",
    ladder: `
      op  > INVITE sdp | Supported: replaces
      pbx < INVITE sdp
      pbx > 180
      op  < 180
      pbx/2 > INVITE sdp 4001 | Replaces: {pbx_id};to-tag={pbx_remote};from-tag={pbx_local};early-only
      op/2  < INVITE sdp | Replaces: {op_id};to-tag={op_local};from-tag={op_remote};early-only
      op/2  > 200 sdp:port=33000
      pbx/2 < 200 sdp
      pbx/2 > ACK
      op/2  < ACK
      media op/2 pbx/2
      op  > CANCEL
      op  < 200 CANCEL
      op  < 487 INVITE
      op  > ACK
      pbx < CANCEL
      pbx > 200 CANCEL
      pbx > 487 INVITE
      pbx < ACK
      ${CONSULT_DOWN}
    `,
  },
  {
    name: "RFC 5359 §2.17 automatic redial: the dialogs of who is busy are watched",
    bothWays: true,
    ladder: `
      op/1  > INVITE sdp
      pbx/1 < INVITE sdp
      pbx/1 > 486
      pbx/1 < ACK
      op/1  < 486
      op/1  > ACK
      op/2  > SUBSCRIBE | Event: dialog | Expires: 60 | Accept: application/dialog-info+xml
      pbx/2 < SUBSCRIBE | Event: dialog | Expires: 60 | Accept: application/dialog-info+xml
      pbx/2 > 200 | Expires: 60
      op/2  < 200 | Expires: 60
      pbx/2 > NOTIFY | Event: dialog | Subscription-State: active;expires=60
      op/2  < NOTIFY | Event: dialog | Subscription-State: active;expires=60
      op/2  > 200
      pbx/2 < 200
      op/2  > SUBSCRIBE | Event: dialog | Expires: 0
      pbx/2 < SUBSCRIBE | Event: dialog | Expires: 0
      pbx/2 > 200 | Expires: 0
      op/2  < 200
      pbx/2 > NOTIFY | Event: dialog | Subscription-State: terminated;reason=timeout
      op/2  < NOTIFY | Subscription-State: terminated;reason=timeout
      op/2  > 200
      pbx/2 < 200
    `,
  },
  {
    name: "RFC 5359 §2.18 click to dial: a phone is asked to call by REFER outside a call",
    bothWays: true,
    ladder: `
      op  > REFER | Refer-To: <sip:0999@198.51.100.1>
      pbx < REFER | Refer-To: /^<sip:0999@/
      pbx > 202
      op  < 202
      pbx > NOTIFY | Event: refer | Subscription-State: active;expires=60 | body: message/sipfrag SIP/2.0 100 Trying\\r\\n
      op  < NOTIFY | Event: refer | body: message/sipfrag SIP/2.0 100 Trying\\r\\n
      op  > 200
      pbx < 200
      pbx > NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | body: message/sipfrag SIP/2.0 200 OK\\r\\n
      op  < NOTIFY | body: message/sipfrag SIP/2.0 200 OK\\r\\n
      op  > 200
      pbx < 200
    `,
  },
  {
    name: "call waiting: a second call rings during the first, which is held for it (RFC 5359 §2.1)",
    bothWays: true,
    ladder: `
      ${UP}
      op/2  > INVITE sdp:port=33000
      pbx/2 < INVITE sdp | Alert-Info: -
      pbx/2 > 182
      op/2  < 182
      ${HOLD}
      pbx/2 > 200 sdp:port=33000
      op/2  < 200 sdp
      op/2  > ACK
      pbx/2 < ACK
      media op/2 pbx/2
      streams 2
      op/2  > BYE
      op/2  < 200
      pbx/2 < BYE
      pbx/2 > 200
      ${RESUME}
      ${DOWN}
    `,
  },
];
