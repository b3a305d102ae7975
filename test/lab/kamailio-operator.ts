import type { Host } from "./host.ts";
import type { Program } from "./program.ts";

export interface OperatorPlan {
  /** Each a first hop of its own, by UDP and TCP at port 5060. */
  readonly addresses: readonly [string, string];
  /** Where calls of the gateway go on to. */
  readonly telephone: string;
  /** A call of this user ends the connection that it came by. */
  readonly cutting: string;
  /** How long it waits for a sign of life of a flow. */
  readonly flowTimerS: number;
}

/** Kamailio as an operator that knows SIP Outbound: registrar, first hop and STUN server in one. */
export async function startKamailioOperator(host: Host, plan: OperatorPlan): Promise<Program> {
  const folder = host.newFolder("kamailio-operator");
  const relative = folder.slice(host.folder.length + 1);
  const file = host.write(`${relative}/operator.cfg`, configuration(plan));
  const program = host.start({
    name: "kamailio (operator)",
    folder,
    command: ["kamailio", "-DD", "-E", "-f", file, "-Y", folder, "-m", "64", "-M", "8"],
  });
  await program.listens("udp", 5060);
  await program.listens("tcp", 5060);
  return program;
}

// One worker for each socket: of two, one overtakes the other, and a 200 comes before its 180.
const configuration = ({ addresses, telephone, cutting, flowTimerS }: OperatorPlan): string => `
debug=1
log_stderror=yes
children=1
dns=no
rev_dns=no
auto_aliases=no
tcp_connection_lifetime=600
${addresses.map((address) => `listen=udp:${address}:5060\nlisten=tcp:${address}:5060`).join("\n")}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "stun.so"
loadmodule "outbound.so"
loadmodule "rr.so"
loadmodule "path.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "tcpops.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
modparam("registrar", "outbound_mode", 1)
modparam("registrar", "flow_timer", ${flowTimerS})
modparam("registrar", "use_path", 1)
modparam("tcpops", "closed_event", 0)
request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (has_totag()) {
    if (loose_route()) { t_relay(); exit; }
    if (is_method("ACK") && t_check_trans()) t_relay();
    else if (!is_method("ACK")) sl_send_reply("404", "Not here");
    exit;
  }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (is_method("REGISTER")) { save("location"); exit; }
  if (!is_method("INVITE")) { sl_send_reply("405", "Method Not Allowed"); exit; }
  if ($rU == "${cutting}" && $Ri == "${addresses[0]}") { tcp_close_connection(); exit; }
  record_route();
  if ($sp == 5060 || $proto == "tcp") $du = "sip:${telephone}";
  else if (!lookup("location")) { sl_send_reply("480", "Not registered"); exit; }
  t_relay();
}
`;
