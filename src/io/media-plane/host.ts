// The media plane's own process: its control socket is descriptor 3, inherited from the gateway.
// JavaScript only waits here; commands and packets are the addon's.
import { addon } from "#native";

const CONTROL = 3;

const plane = addon();
process.on("SIGTERM", () => plane.stop(CONTROL));
// Ctrl-C in a terminal is for the gateway, which drains first and then closes the socket.
process.on("SIGINT", () => {});
await plane.run(CONTROL, false);
