/** One arrow of a figure: where it leads, and what is done on the way. */
export interface Step<Next extends string, Action extends string> {
  readonly next: Next;
  readonly action: Action;
}

/**
 * A state machine as its RFC draws it: for each state the inputs that have an arrow. An input
 * without one is absorbed.
 */
export type Figure<State extends string, Input extends string, Action extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Input, Step<State | "terminated", Action>>>>>
>;

/** How a machine sees a status code. */
export type StatusClass = "1xx" | "2xx" | "300-699";

export const statusClass = (status: number): StatusClass =>
  status < 200 ? "1xx" : status < 300 ? "2xx" : "300-699";
