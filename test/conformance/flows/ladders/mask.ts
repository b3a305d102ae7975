import type { Flow } from "../stage/flow.ts";

/** The topology mask. That nothing leaks while it is on is asserted of every message of every flow. */
export const MASK_FLOWS: readonly Flow[] = [
  {
    name: "RFC 3323 §5.3 with the mask on Call-ID, User-Agent and unknown headers stay on their side",
    site: { masked: true },
    ladder: `
      pbx > INVITE sdp | X-Asterisk-HangupCause: Normal | P-Asserted-Identity: "Alice" <sip:4001@10.77.0.2> | Via-Like: 10.77.0.2
      op  < INVITE sdp | User-Agent: {ours} | X-Asterisk-HangupCause: - | P-Asserted-Identity: /^"Alice" <sip:4001@192\\.0\\.2\\.1>$/ | Via-Like: -
      op  > 486 | Server: op-product/1.0 | Warning: 399 198.51.100.1 "busy"
      op  < ACK
      pbx < 486 | Server: {ours} | Warning: /^(?!.*198)/
      pbx > ACK
    `,
  },
  {
    name: "RFC 3261 §8.1.1 with the mask off Call-ID, User-Agent and unknown headers pass",
    site: { masked: false },
    ladder: `
      pbx > INVITE sdp | X-Colour: blue
      op  < INVITE sdp | User-Agent: pbx-product/1.0 | X-Colour: blue | Call-ID: {pbx_id}
      op  > 180 | X-Colour: red
      pbx < 180 | Server: op-product/1.0 | X-Colour: red
      op  > 200 sdp
      pbx < 200 sdp | Server: op-product/1.0
      pbx > ACK
      op  < ACK
      media op pbx
      op  > BYE
      op  < 200
      pbx < BYE | User-Agent: /./
      pbx > 200
    `,
  },
  {
    name: "RFC 5853 §3.1 a 302 with the mask off keeps its Contact",
    site: { masked: false },
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 302 | Contact: <sip:4002@10.77.0.2>
      pbx < ACK
      op  < 302 | Contact: <sip:4002@10.77.0.2>
      op  > ACK
    `,
  },
  {
    name: "RFC 5853 §3.1 with the mask off a REFER keeps the host that it names",
    site: { masked: false },
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 200 sdp
      op  < 200 sdp
      op  > ACK
      pbx < ACK
      pbx > REFER | Refer-To: <sip:4002@10.77.0.2>
      op  < REFER | Refer-To: <sip:4002@10.77.0.2>
      op  > 202
      pbx < 202
      op  > BYE
      op  < 200
      pbx < BYE
      pbx > 200
    `,
  },
];
