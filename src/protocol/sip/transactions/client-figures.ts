import type { Figure, StatusClass, Step } from "./figure.ts";

export type InviteClientState = "calling" | "proceeding" | "accepted" | "completed";
export type OtherClientState = "trying" | "proceeding" | "completed";

export type ClientInput =
  | StatusClass
  /** Timers A and E: send the request again. */
  | "resend"
  /** Timers B, D, F, K and M, and the end of patience after a CANCEL. */
  | "expiry"
  | "transport-error"
  /** The connection that took the request has ended. */
  | "flow-lost";

export type ClientAction =
  | "nothing"
  /** Send the last text again. */
  | "send"
  /** Give the response to the user. */
  | "tell"
  /** Send an ACK, and give the response to the user. */
  | "acknowledge"
  /** Tell the user that there will be no final response. */
  | "timeout"
  | "transport";

const go = <Next extends string>(next: Next, action: ClientAction): Step<Next, ClientAction> => ({
  next,
  action,
});

/** RFC 3261 figure 5 as RFC 6026 figure 5 draws it anew. */
export const INVITE_CLIENT: Figure<InviteClientState, ClientInput, ClientAction> = {
  calling: {
    // Timer A: RFC 3261 §17.1.1.2.
    resend: go("calling", "send"),
    // Timer B.
    expiry: go("terminated", "timeout"),
    "transport-error": go("terminated", "transport"),
    "flow-lost": go("terminated", "transport"),
    "1xx": go("proceeding", "tell"),
    "2xx": go("accepted", "tell"),
    "300-699": go("completed", "acknowledge"),
  },
  proceeding: {
    "1xx": go("proceeding", "tell"),
    "2xx": go("accepted", "tell"),
    "300-699": go("completed", "acknowledge"),
    // A CANCEL that nothing final has followed in 64*T1: RFC 3261 §9.1.
    expiry: go("terminated", "timeout"),
    // The figure has no such arrow: a hop that said 100 and no more is gone with its connection.
    "flow-lost": go("terminated", "transport"),
  },
  accepted: {
    // Repeated, and of other forks: RFC 6026 §7.2.
    "2xx": go("accepted", "tell"),
    // Timer M.
    expiry: go("terminated", "nothing"),
  },
  completed: {
    // The ACK was lost: RFC 3261 §17.1.1.2.
    "300-699": go("completed", "send"),
    // Timer D.
    expiry: go("terminated", "nothing"),
  },
};

/** RFC 3261 figure 6. */
export const OTHER_CLIENT: Figure<OtherClientState, ClientInput, ClientAction> = {
  trying: {
    // Timer E: RFC 3261 §17.1.2.2.
    resend: go("trying", "send"),
    // Timer F.
    expiry: go("terminated", "timeout"),
    "transport-error": go("terminated", "transport"),
    "flow-lost": go("terminated", "transport"),
    "1xx": go("proceeding", "tell"),
    "2xx": go("completed", "tell"),
    "300-699": go("completed", "tell"),
  },
  proceeding: {
    resend: go("proceeding", "send"),
    expiry: go("terminated", "timeout"),
    "transport-error": go("terminated", "transport"),
    "flow-lost": go("terminated", "transport"),
    "1xx": go("proceeding", "tell"),
    "2xx": go("completed", "tell"),
    "300-699": go("completed", "tell"),
  },
  completed: {
    // Timer K: until then repeated responses are absorbed.
    expiry: go("terminated", "nothing"),
  },
};
