// The media plane's own process: its control socket is descriptor 3, inherited from the gateway, and
// descriptor 4 listens for another gateway, or is nothing. JavaScript only waits here; commands and
// packets are the addon's. Its arguments are our addresses whose packets the kernel may relay;
// without any it is left alone.
import { addon, KERNEL_OBJECT } from "#native";

const CONTROL = 3;
const RENDEZVOUS = 4;

// Ctrl-C in a terminal is for the gateway, which drains first and then closes the socket.
process.on("SIGINT", () => {});
const addresses = process.argv.slice(2);
await addon().run(
  CONTROL,
  false,
  RENDEZVOUS,
  addresses.length === 0 ? undefined : { object: KERNEL_OBJECT, addresses },
);
