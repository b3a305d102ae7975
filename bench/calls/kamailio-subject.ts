import type { Host, Program } from "../../test/lab/index.ts";
import { CALLEE, type Place, PORT, type Subject, type SubjectOptions } from "./subject.ts";

const CONTROL_PORT = 2223;
const CONTROL = `127.0.0.1:${CONTROL_PORT}`;

/** Kamailio as a stateful record-routing proxy with one worker; with media, rtpengine beside it. */
export async function startKamailio(options: SubjectOptions): Promise<Subject> {
  const { host, place, core, media } = options;
  const relay = media ? [await startRtpengine(host, place, core)] : [];
  const folder = host.newFolder("kamailio");
  const file = host.write(
    `${folder.slice(host.folder.length + 1)}/proxy.cfg`,
    proxyConfiguration(place, media),
  );
  // Its default allocator takes most of its time: compare with its best.
  const memory = ["-m", "2048", "-M", "64", "-x", "tlsf", "-X", "tlsf"];
  const program = host.start({
    name: "kamailio",
    folder,
    core,
    command: ["kamailio", "-DD", "-E", "-f", file, "-Y", folder, ...memory],
  });
  await program.listens("udp", PORT);
  const programs = [program, ...relay];
  return {
    name: media ? "kamailio+rtpengine" : "kamailio",
    address: place.publicSide,
    pids: programs.map((each) => each.pid),
    stop: async () => {
      for (const each of programs) await each.stop();
    },
  };
}

async function startRtpengine(host: Host, place: Place, core: number): Promise<Program> {
  const program = host.start({
    name: "rtpengine",
    core,
    command: [
      "rtpengine",
      ...["--foreground", "--log-stderr", "--log-level=3", "--table=-1", "--no-fallback"],
      ...[`--interface=public/${place.publicSide}`, `--interface=private/${place.privateSide}`],
      ...[`--listen-ng=${CONTROL}`, "--port-min=10000", "--port-max=60000", "--num-threads=2"],
      // By default an ended call keeps its ports for 30 s, and they run out.
      "--delete-delay=0",
    ],
  });
  await program.listens("udp", CONTROL_PORT);
  return program;
}

const RELAY_FLAGS =
  '"replace-origin replace-session-connection ICE=remove direction=public direction=private"';

const proxyConfiguration = (place: Place, media: boolean): string => `
debug=0
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
maxbuffer=16777216
listen=udp:${place.publicSide}:${PORT}
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "rr.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
${
  media
    ? `loadmodule "rtpengine.so"
modparam("rtpengine", "rtpengine_sock", "udp:${CONTROL}")`
    : ""
}
request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (has_totag()) {
    if (loose_route()) {
      ${media ? 'if (is_method("BYE")) rtpengine_delete();' : ""}
      t_relay();
      exit;
    }
    if (is_method("ACK") && t_check_trans()) t_relay();
    exit;
  }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  t_check_trans();
  if (is_method("INVITE")) {
    record_route();
    $du = "sip:${CALLEE}:${PORT}";
    ${media ? `rtpengine_offer(${RELAY_FLAGS});` : ""}
    t_on_reply("ANSWER");
    t_relay();
    exit;
  }
  sl_send_reply("405", "Method Not Allowed");
}
onreply_route[ANSWER] {
  ${media ? `if (status == "200") rtpengine_answer(${RELAY_FLAGS});` : "return;"}
}
`;
