import type { Figure, StatusClass, Step } from "./figure.ts";

export type InviteServerState =
  | "proceeding"
  | "accepted"
  | "acknowledged"
  | "completed"
  | "confirmed";
export type OtherServerState = "trying" | "proceeding" | "completed";

export type ServerInput =
  /** The request came again. */
  | "request"
  | "ack"
  /** The user has recognised the ACK of its 2xx. */
  | "acknowledged"
  /** A response of the user. */
  | StatusClass
  /** The user has nothing to say that may be said. */
  | "silence"
  /** Timer G, the user's timer for a 2xx, and the time after which 100 is due. */
  | "resend"
  /** Timers H, I, J and L. */
  | "expiry";

export type ServerAction =
  | "nothing"
  /** Send the user's response. */
  | "respond"
  /** Send the last response again. */
  | "send"
  /** Give the ACK to the user. */
  | "tell"
  /** Tell the user that no ACK came for its 2xx. */
  | "unacknowledged";

const go = <Next extends string>(next: Next, action: ServerAction): Step<Next, ServerAction> => ({
  next,
  action,
});

/**
 * RFC 3261 figure 7 as RFC 6026 figure 3 draws it anew. Accepted is two states here: the user's
 * retransmission of its 2xx (RFC 3261 §13.3.1.4) is done by this layer, until the user has the ACK.
 */
export const INVITE_SERVER: Figure<InviteServerState, ServerInput, ServerAction> = {
  proceeding: {
    // RFC 3261 §17.2.1: the latest provisional response.
    request: go("proceeding", "send"),
    // The 100, once.
    resend: go("proceeding", "send"),
    "1xx": go("proceeding", "respond"),
    "2xx": go("accepted", "respond"),
    "300-699": go("completed", "respond"),
  },
  accepted: {
    // A repeated INVITE is absorbed: RFC 6026 §7.1.
    "2xx": go("accepted", "respond"),
    ack: go("accepted", "tell"),
    acknowledged: go("acknowledged", "nothing"),
    resend: go("accepted", "send"),
    // Timer L.
    expiry: go("terminated", "unacknowledged"),
  },
  acknowledged: {
    ack: go("acknowledged", "tell"),
    // Timer L.
    expiry: go("terminated", "nothing"),
  },
  completed: {
    request: go("completed", "send"),
    ack: go("confirmed", "nothing"),
    // Timer G: RFC 3261 §17.2.1.
    resend: go("completed", "send"),
    // Timer H.
    expiry: go("terminated", "nothing"),
  },
  confirmed: {
    // Timer I: until then repeated ACKs are absorbed.
    expiry: go("terminated", "nothing"),
  },
};

/** RFC 3261 figure 8. */
export const OTHER_SERVER: Figure<OtherServerState, ServerInput, ServerAction> = {
  trying: {
    // A repeated request is absorbed: RFC 3261 §17.2.2.
    "1xx": go("proceeding", "respond"),
    "2xx": go("completed", "respond"),
    "300-699": go("completed", "respond"),
    // RFC 4320 §4.1: a 100, when the sender's timer E has come to T2.
    resend: go("proceeding", "send"),
    // RFC 4320 §4.2.
    silence: go("completed", "nothing"),
  },
  proceeding: {
    request: go("proceeding", "send"),
    "1xx": go("proceeding", "respond"),
    "2xx": go("completed", "respond"),
    "300-699": go("completed", "respond"),
    silence: go("completed", "nothing"),
  },
  completed: {
    request: go("completed", "send"),
    // Timer J.
    expiry: go("terminated", "nothing"),
  },
};
