// Parts that many flows share.

/** A call of the operator to the PBX, up to its ACK. */
export const UP = `
  op  > INVITE sdp
  pbx < INVITE sdp
  pbx > 180
  op  < 180
  pbx > 200 sdp
  op  < 200 sdp
  op  > ACK
  pbx < ACK
  media op pbx
`;

/** Its end, by the caller. */
export const DOWN = `
  op  > BYE
  op  < 200
  pbx < BYE
  pbx > 200
  streams 0
`;

/** Its end, by the callee. */
export const DOWN_BY_CALLEE = `
  pbx > BYE
  pbx < 200
  op  < BYE
  op  > 200
  streams 0
`;

/** A call of the PBX to the operator. */
export const UP_OUT = UP.replace(/\b(op|pbx)\b/g, (name) => (name === "op" ? "pbx" : "op"));

/** The PBX holds the call. */
export const HOLD = `
  pbx > INVITE sdp:sendonly
  op  < INVITE sdp:sendonly
  op  > 200 sdp:recvonly
  pbx < 200 sdp:recvonly
  pbx > ACK
  op  < ACK
  media op pbx
`;

export const RESUME = HOLD.replaceAll(/sendonly|recvonly/g, "sendrecv");

/** A second call of the PBX, to another phone of the operator. */
export const CONSULT = `
  pbx/2 > INVITE sdp:port=33000 0456
  op/2  < INVITE sdp
  op/2  > 180
  pbx/2 < 180
  op/2  > 200 sdp:port=33000
  pbx/2 < 200 sdp
  pbx/2 > ACK
  op/2  < ACK
  media op/2 pbx/2
`;

export const CONSULT_DOWN = `
  pbx/2 > BYE
  pbx/2 < 200
  op/2  < BYE
  op/2  > 200
`;
