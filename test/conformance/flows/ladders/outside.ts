import type { Flow } from "../stage/flow.ts";

/** The trunk's peers as it knows them are elsewhere. */
const STRANGERS = { trunk: { sourceAddresses: ["203.0.113.0/24"] } };

/** What belongs to no call: RFC 6665, 3428, 3903, OPTIONS. */
export const OUTSIDE_FLOWS: readonly Flow[] = [
  {
    name: "RFC 6665 §4.1 SUBSCRIBE, NOTIFY, refresh",
    bothWays: true,
    ladder: `
      op  > SUBSCRIBE | Event: presence;id=7 | Expires: 600
      pbx < SUBSCRIBE | Event: presence;id=7 | Expires: 600
      pbx > 200 | Expires: 300
      op  < 200 | Expires: 300
      pbx > NOTIFY | Event: presence;id=7 | Subscription-State: active;expires=300 | body: application/pidf+xml <presence/>
      op  < NOTIFY | Event: presence;id=7 | Subscription-State: active;expires=300 | body: application/pidf+xml <presence/>
      op  > 200
      pbx < 200
      wait 200000
      op  > SUBSCRIBE | Event: presence;id=7 | Expires: 300
      pbx < SUBSCRIBE | Event: presence;id=7 | Expires: 300
      pbx > 200 | Expires: 300
      op  < 200 | Expires: 300
      wait 200000
      pbx > NOTIFY | Event: presence;id=7 | Subscription-State: terminated;reason=deactivated
      op  < NOTIFY | Subscription-State: terminated;reason=deactivated
      op  > 200
      pbx < 200
    `,
  },
  {
    name: "RFC 6665 §4.4.1 a NOTIFY that comes before the 200 of its SUBSCRIBE",
    bothWays: true,
    ladder: `
      op  > SUBSCRIBE | Event: presence | Expires: 600
      pbx < SUBSCRIBE
      pbx > NOTIFY | Event: presence | Subscription-State: active;expires=600
      op  < NOTIFY | Event: presence | Subscription-State: active;expires=600
      op  > 200
      pbx < 200 NOTIFY
      pbx > 200 SUBSCRIBE | Expires: 600
      op  < 200 SUBSCRIBE | Expires: 600
      pbx > NOTIFY | Event: presence | Subscription-State: terminated;reason=timeout
      op  < NOTIFY
      op  > 200
      pbx < 200 NOTIFY
    `,
  },
  {
    name: "RFC 6665 §4.1.2.2 481 to a refresh ends the subscription",
    ladder: `
      op  > SUBSCRIBE | Event: presence | Expires: 600
      pbx < SUBSCRIBE
      pbx > 200 | Expires: 600
      op  < 200
      op  > SUBSCRIBE | Event: presence | Expires: 600
      pbx < SUBSCRIBE
      pbx > 481
      op  < 481
    `,
  },
  {
    name: "RFC 6665 §4.2.1.3 489 with its Allow-Events crosses",
    ladder: `
      op  > SUBSCRIBE | Event: weather
      pbx < SUBSCRIBE | Event: weather
      pbx > 489 | Allow-Events: presence, dialog
      op  < 489 | Allow-Events: presence, dialog
    `,
  },
  {
    name: "RFC 3842 §3 NOTIFY without a subscription crosses, as PBXs send of waiting messages",
    ladder: `
      pbx > NOTIFY | Event: message-summary | Subscription-State: active | body: application/simple-message-summary Messages-Waiting: yes\\r\\n
      op  < NOTIFY | Event: message-summary | body: application/simple-message-summary Messages-Waiting: yes\\r\\n
      op  > 200
      pbx < 200
    `,
  },
  {
    name: "RFC 3428 §4 MESSAGE",
    bothWays: true,
    ladder: `
      op  > MESSAGE | body: text/plain Watson, come here.
      pbx < MESSAGE | body: text/plain Watson, come here.
      pbx > 202
      op  < 202
    `,
  },
  {
    name: "RFC 4320 §4 a MESSAGE that nobody answers gets 100, and no 408",
    ladder: `
      op  > MESSAGE | body: text/plain Watson?
      pbx < MESSAGE | body: text/plain Watson?
      wait 3600
      wait 40000
      quiet
    `,
  },
  {
    name: "RFC 3261 §11.2 OPTIONS to the gateway is answered by it",
    bothWays: true,
    ladder: `
      op  > OPTIONS
      op  < 200 | Allow: /INVITE.*BYE/ | Accept: /application\\/sdp/ | Supported: /100rel/
      quiet
    `,
  },
  {
    name: "RFC 3903 §4 PUBLISH crosses with its entity tag",
    bothWays: true,
    ladder: `
      op  > PUBLISH | Event: presence | Expires: 600 | body: application/pidf+xml <presence/>
      pbx < PUBLISH | Event: presence | Expires: 600 | body: application/pidf+xml <presence/>
      pbx > 200 | SIP-ETag: dx200xyz | Expires: 600
      op  < 200 | SIP-ETag: dx200xyz | Expires: 600
    `,
  },
  {
    name: "RFC 3261 §8.2.1 a method that nobody knows gets 405 with Allow",
    bothWays: true,
    ladder: `
      op  > FROBNICATE
      op  < 405 | Allow: /INVITE/
      quiet
    `,
  },
  {
    name: "RFC 3261 §8.2.2.3 an extension that the gateway can't vouch for gets 420",
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Require: precondition, 100rel
      op  < 420 | Unsupported: precondition
      op  > ACK
      quiet
    `,
  },
  {
    name: "RFC 3261 §8.2 who may not use the gateway is told so by 403",
    site: STRANGERS,
    ladder: `
      op  > INVITE sdp
      op  < 403
      op  > ACK
    `,
  },
  {
    name: "RFC 3261 §26.1.5 strangers get no answer: nobody is hit by the echo of a forged address",
    site: STRANGERS,
    ladder: `
      op   > INVITE sdp
      op/2 > OPTIONS
      op/3 > MESSAGE | body: text/plain Hi
      op/4 > REGISTER
      op/5 > SUBSCRIBE | Event: presence
      quiet
    `,
  },
  {
    name: "RFC 3261 §16.3 a request with no hop left gets 483",
    ladder: `
      op  > INVITE sdp | Max-Forwards: 0
      op  < 483
      op  > ACK
      quiet
    `,
  },
];
