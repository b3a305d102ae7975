import { makeCertificate } from "./certificate.ts";
import type { Host } from "./host.ts";
import type { Program } from "./program.ts";
import { bracketed } from "./sipp.ts";

export interface KamailioPlan {
  readonly address: string;
  /** Its subscribers: name and password. */
  readonly subscribers: Readonly<Record<string, string>>;
  /** Where calls go that are for no subscriber. */
  readonly gateway: string;
  readonly gatewayAddress: string;
  readonly tls?: boolean;
}

export const KAMAILIO_TLS_PORT = 5061;

/** Kamailio as the PBX: a registrar with digest, and a record-routing proxy between phones and gateway. */
export async function startKamailioPbx(host: Host, plan: KamailioPlan): Promise<Program> {
  const folder = host.newFolder("kamailio");
  const relative = folder.slice(host.folder.length + 1);
  const file = host.write(`${relative}/pbx.cfg`, configuration(plan, folder));
  const program = host.start({
    name: "kamailio (PBX)",
    folder,
    command: ["kamailio", "-DD", "-E", "-f", file, "-Y", folder, "-m", "64", "-M", "8"],
  });
  await program.listens("udp", 5060);
  if (plan.tls === true) await program.listens("tcp", KAMAILIO_TLS_PORT);
  return program;
}

// One worker for each socket: of two, one overtakes the other, and a 200 comes before its 180.
function configuration(plan: KamailioPlan, folder: string): string {
  const address = bracketed(plan.address);
  return `
debug=1
log_stderror=yes
children=1
dns=no
rev_dns=no
auto_aliases=no
alias="${plan.address}"
tcp_source_ipv4=${address}
listen=udp:${address}:5060
listen=tcp:${address}:5060
${plan.tls === true ? tlsConfiguration(address, folder) : "enable_tls=no"}
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "rr.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "htable.so"
modparam("htable", "htable", "password=>size=4;")
modparam("rr", "enable_double_rr", 1)
${eventRoute(plan)}
request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (has_totag()) {
    if (loose_route()) { t_relay(); exit; }
    if (is_method("ACK") && t_check_trans()) t_relay();
    else if (!is_method("ACK")) sl_send_reply("404", "Not here");
    exit;
  }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (is_method("REGISTER")) {
    if (!pv_www_authenticate("$td", "$sht(password=>$tU)", "0")) { www_challenge("$td", "1"); exit; }
    save("location");
    exit;
  }
  if (!is_method("INVITE")) { sl_send_reply("405", "Method Not Allowed"); exit; }
  if ($si != "${plan.gatewayAddress}") {
    if (!pv_proxy_authenticate("$fd", "$sht(password=>$fU)", "0")) { proxy_challenge("$fd", "1"); exit; }
    consume_credentials();
  }
  record_route();
  if ($sht(password=>$rU) != $null) {
    if (!lookup("location")) { sl_send_reply("480", "Not registered"); exit; }
  } else {
    $ru = "sip:" + $rU + "@${plan.gateway}";
  }
  t_relay();
}
`;
}

const eventRoute = ({ subscribers }: KamailioPlan): string => `
event_route[htable:mod-init] {
${Object.entries(subscribers)
  .map(([name, password]) => `  $sht(password=>${name}) = "${password}";`)
  .join("\n")}
}`;

function tlsConfiguration(address: string, folder: string): string {
  const { certificate, key } = makeCertificate(folder, "pbx");
  return `enable_tls=yes
listen=tls:${address}:${KAMAILIO_TLS_PORT}
loadmodule "tls.so"
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "${certificate}")
modparam("tls", "private_key", "${key}")
modparam("tls", "verify_certificate", 0)
modparam("tls", "require_certificate", 0)
`;
}
