// The media plane's own process: its control socket is descriptor 3, inherited from the gateway, and
// descriptor 4 listens for another gateway, or is nothing. Commands and packets are the addon's;
// JavaScript never goes on. Its arguments are our addresses whose packets the kernel may relay;
// without any it is left alone.
import { addon, KERNEL_OBJECT, STEERING_OBJECT } from "#native";

const CONTROL = 3;
const RENDEZVOUS = 4;

const addresses = process.argv.slice(2);
const programs = { object: KERNEL_OBJECT, steering: STEERING_OBJECT };
const kernel = addresses.length === 0 ? undefined : { ...programs, addresses };
try {
  addon().serve(CONTROL, RENDEZVOUS, kernel);
} catch (error) {
  console.error(`media plane: it can't be confined: ${(error as Error).message}`);
  process.exitCode = 1;
}
