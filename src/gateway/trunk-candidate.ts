import type { Candidate } from "#calls";
import type { NameQuery } from "#port";
import type { Trunk, TrunkPeer } from "#settings";
import type { Destination, DigestCredentials, Side, Transport } from "#sip";
import { withheldOf } from "./withheld.ts";

/** RFC 5626 §11.5: the flow on which the request was to go on has failed. */
const FLOW_FAILED = 430;

/** One peer of a trunk as a place to send to; what answers its challenges comes to it. */
export function trunkCandidate(
  trunk: Trunk,
  peer: TrunkPeer,
  users: Pick<Candidate, "user" | "fromUser">,
): Candidate {
  const contactUser = trunk.register?.contactUser ?? trunk.register?.user;
  const uriPort = trunk.domain === undefined ? peer.port : undefined;
  return {
    name: `${trunk.name}/${peer.host}`,
    side: "public",
    query: queryOf("public", peer),
    uriHost: trunk.domain ?? peer.host,
    ...(uriPort === undefined ? {} : { uriPort }),
    ...(trunk.domain === undefined ? {} : { fromHost: trunk.domain }),
    ...users,
    ...(contactUser === undefined ? {} : { contactUser }),
    trunk: trunk.name,
    withheld: withheldOf(trunk),
    failoverStatuses: trunk.failoverStatuses,
    redirects: trunk.redirects,
  };
}

/** The same place, by the flow that was registered with it. */
export const byFlow = (candidate: Candidate, flow: Destination | undefined): Candidate =>
  flow
    ? { ...candidate, flow, failoverStatuses: [...candidate.failoverStatuses, FLOW_FAILED] }
    : candidate;

/** What answers challenges for a trunk, of these realms alone where there are any. */
export function credentialsOf(
  { credentials }: Trunk,
  realms: readonly string[] | undefined,
): { credentials?: DigestCredentials } {
  if (!credentials) return {};
  const { user, password } = credentials;
  return { credentials: { user, password, ...(realms && { realms }) } };
}

/** A name with its port or transport where the settings fix them (RFC 3263 §4). */
export function queryOf(
  side: Side,
  peer: {
    readonly host: string;
    readonly port?: number;
    readonly transport?: Transport;
  },
): NameQuery {
  const { host, port, transport } = peer;
  return {
    side,
    host,
    secure: false,
    ...(port === undefined ? {} : { port }),
    ...(transport === undefined ? {} : { transport }),
  };
}
