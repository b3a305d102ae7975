import type { Flow } from "../stage/flow.ts";

/** A trunk that registers with its operator. */
const site = (expiresS: number) => ({
  trunk: {
    register: { user: "alice", expiresS },
    credentials: { user: "alice", password: "wonder" },
  },
});

const CHALLENGE =
  'WWW-Authenticate: Digest realm="operator", nonce="ea9c8e88df84f1ce", algorithm=SHA-256, qop="auth"';

const CHALLENGED = `
  op < REGISTER | Contact: {binding} | Authorization: -
  op > 401 | ${CHALLENGE}
  op < REGISTER | Contact: {binding} | Authorization: /username="alice", realm="operator"/
`;

const REGISTERED = `
  wait 2000
  ${CHALLENGED}
  op > 200 | Contact: {binding};expires=600
`;

/** Removed when the gateway stops. */
const REMOVED = `
  stop
  op < REGISTER | Contact: {binding} | Expires: 0
  op > 200
`;

/** RFC 3665 §2, as the client of the operator's registrar. */
export const REGISTRATION_FLOWS: readonly Flow[] = [
  {
    name: "RFC 3665 §2.1 a trunk registers with credentials, and refreshes before its time is over",
    site: site(600),
    ladder: `
      wait 2000
      op < REGISTER | From: /^<sip:alice@198\\.51\\.100\\.1>;tag=/ | To: <sip:alice@198.51.100.1> | Contact: {binding} | Expires: 600 | Call-ID: {registration} | CSeq: 1 REGISTER
      op > 401 | ${CHALLENGE}
      op < REGISTER | Contact: {binding} | Call-ID: {registration} | CSeq: 2 REGISTER | Authorization: /username="alice", realm="operator"/
      op > 200 | Contact: {binding};expires=600
      wait 479000
      quiet
      within 61000
      op < REGISTER | Expires: 600 | Call-ID: {registration} | CSeq: 3 REGISTER
      op > 200 | Contact: {binding};expires=600
      ${REMOVED}
    `,
  },
  {
    name: "RFC 3665 §2.1 a call comes to the Contact that was registered",
    site: site(600),
    ladder: `
      ${REGISTERED}
      op/2 > INVITE sdp alice
      pbx  < INVITE sdp
      pbx  > 200 sdp
      op/2 < 200 sdp
      op/2 > ACK
      pbx  < ACK
      media op/2 pbx
      op/2 > BYE
      op/2 < 200
      pbx  < BYE
      pbx  > 200
      ${REMOVED}
    `,
  },
  {
    name: "RFC 3665 §2.4 a gateway that stops takes its registration back, challenged or not",
    site: site(600),
    ladder: `
      ${REGISTERED}
      stop
      op < REGISTER | Contact: {binding} | Expires: 0
      op > 401 | ${CHALLENGE}
      op < REGISTER | Contact: {binding} | Expires: 0 | Authorization: /realm="operator"/
      op > 200
    `,
  },
  {
    name: "RFC 3665 §2.5 a registration that fails twice is left for a while",
    site: site(600),
    ladder: `
      wait 2000
      ${CHALLENGED}
      op > 401 | ${CHALLENGE}
      wait 14000
      quiet
      within 17000
      ${CHALLENGED}
      op > 200 | Contact: {binding};expires=600
      ${REMOVED}
    `,
  },
  {
    name: "RFC 3261 §10.2.8 423: the registrar's interval is asked for",
    site: site(600),
    ladder: `
      wait 2000
      op < REGISTER | Expires: 600 | Contact: {binding}
      op > 423 | Min-Expires: 1800
      op < REGISTER | Expires: 1800
      op > 200 | Contact: {binding} | Expires: 1800
      ${REMOVED}
    `,
  },
  {
    name: "RFC 3261 §10.2.4 another's binding in the answer is none of ours",
    site: site(600),
    ladder: `
      wait 2000
      op < REGISTER | Contact: {binding}
      op > 200 | Contact: <sip:desk@198.51.100.77>;expires=60, {binding};expires=600
      wait 400000
      quiet
      ${REMOVED}
    `,
  },
  {
    name: "RFC 3261 §21.5.4 Retry-After of registrars that are all out of service is kept",
    site: site(600),
    ladder: `
      wait 2000
      op < REGISTER | Contact: {binding}
      op > 503
      op2 < REGISTER | Contact: {binding}
      op2 > 503 | Retry-After: 120
      wait 119000
      quiet
      within 61000
      op < REGISTER
      op > 200 | Contact: {binding};expires=600
      ${REMOVED}
    `,
  },
];
