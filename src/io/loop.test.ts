import assert from "node:assert/strict";
import { test } from "node:test";
import type { Input, SavedCall } from "#port";
import type { Flow } from "#sip";
import { printMessage } from "#sip-message";
import { ByHand } from "../../test/support/by-hand.ts";
import { Loop } from "./loop.ts";

const nothing = () => undefined;

/** The PBX's. */
const FLOW: Flow = {
  id: "udp private 5060",
  side: "private",
  transport: "udp",
  localAddress: "10.77.0.1",
  localPort: 5062,
  remoteAddress: "10.77.0.2",
  remotePort: 5060,
};

/** A gateway with one call, whose next input throws. */
function faulty() {
  const site = new ByHand();
  const { callee } = site.connected("public");
  const { gateway } = site;
  let left = 1;
  const breaking = new Proxy(gateway, {
    get(target, name) {
      if (name === "handle" && left-- > 0) return () => assert.fail("our bug");
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const told: string[] = [];
  const loop = new Loop(
    breaking,
    {
      send: ({ text }) => {
        told.push(text.slice(0, text.indexOf(" ")));
        return undefined;
      },
      closeFlow: nothing,
      closeDenied: nothing,
      mute: nothing,
      trust: nothing,
      keepDenied: nothing,
      forgetDenied: nothing,
      remember: () => undefined,
      ping: nothing,
      resolve: nothing,
      media: ({ command }) => told.push(command.kind),
      fact: ({ fact }) => {
        if (fact.kind === "call-ended") told.push(fact.record.end);
      },
      keep: nothing,
      forget: nothing,
      fault: (_error, input: Input) => told.push(`fault on ${input.kind}`),
    },
    () => site.now,
  );
  return { site, callee, loop, told };
}

test("a throw ends the call that it befell, with its media, and is written down", (context) => {
  const { site, callee, loop, told } = faulty();
  context.after(() => loop.close());
  const text = printMessage(site.inside(callee, "INFO", 2));
  loop.run({ kind: "received", flow: FLOW, text });
  assert.deepEqual(told, ["fault on received", "close", "internal", "BYE", "BYE"]);
  assert.equal(site.gateway.portsHeld, 0);
});

test("a throw at what is no call's costs nothing else", (context) => {
  const { site, loop, told } = faulty();
  context.after(() => loop.close());
  loop.run({ kind: "wake" });
  assert.deepEqual(told, ["fault on wake"]);
  assert.equal(site.gateway.callCount, 1);
});

test("a call that can't be taken up is forgotten: it would throw at each start", (context) => {
  const site = new ByHand();
  const forgotten: string[] = [];
  const faults: string[] = [];
  const loop = new Loop(
    site.gateway,
    {
      send: nothing,
      closeFlow: nothing,
      closeDenied: nothing,
      mute: nothing,
      trust: nothing,
      keepDenied: nothing,
      forgetDenied: nothing,
      remember: () => undefined,
      ping: nothing,
      resolve: nothing,
      media: nothing,
      fact: nothing,
      keep: nothing,
      forget: ({ callId }) => forgotten.push(callId),
      fault: (_error, input: Input) => faults.push(input.kind),
    },
    () => site.now,
  );
  context.after(() => loop.close());
  const call = { version: 1, id: "broken" } as never as SavedCall;
  loop.run({ kind: "resume", call, streams: new Set() });
  assert.deepEqual([faults, forgotten], [["resume"], ["broken"]]);
  assert.deepEqual([site.gateway.callCount, site.gateway.portsHeld], [0, 0]);
});
