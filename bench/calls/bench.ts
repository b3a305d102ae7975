import { Lab } from "../../test/lab/index.ts";
import { startKamailio } from "./kamailio-subject.ts";
import { runRound } from "./load.ts";
import { PLACES } from "./subject.ts";

const lab = new Lab();
const host = lab.host("bench");
for (const a of Object.values(PLACES)) host.address("lo", `${a}/32`);
try {
  for (const media of [false, true]) {
    const subject = await startKamailio(host, { core: 1, media });
    for (let i = 0; i < 2; i++)
    console.log(await runRound({ host, subject, core: 0, calls: 10000, media, pace: { atOnce: 100 } }));
    await subject.stop();
  }
} finally {
  await lab.close();
}
