import assert from "node:assert/strict";
import { test } from "node:test";
import {
  headerKey,
  type Message,
  parseMessage,
  parseMessageText,
  parseVia,
  printMessage,
  responseTo,
} from "#sip-message";
import { RFC4475_INVALID } from "./rfc4475-invalid.ts";
import { RFC4475_LAYERS } from "./rfc4475-layers.ts";
import { RFC4475_VALID } from "./rfc4475-valid.ts";
import { RFC5118 } from "./rfc5118.ts";
import type { Accepted, Refused, TortureCase } from "./torture-case.ts";

for (const [rfc, cases] of [
  ["RFC 4475", [...RFC4475_VALID, ...RFC4475_INVALID, ...RFC4475_LAYERS]],
  ["RFC 5118", RFC5118],
] as const) {
  for (const torture of cases) {
    const { expected } = torture;
    test(`A10: ${rfc} §${torture.section} ${torture.name} is ${expected.is}`, () => {
      if (expected.is === "accepted") checkAccepted(torture, expected);
      else checkRefused(torture, expected);
    });
  }
}

function checkAccepted(torture: TortureCase, expected: Accepted): void {
  const message = parseMessage(torture.wire);
  assert.ok(message.kind !== "parse-failure", `refused: ${JSON.stringify(message)}`);
  const { is, ...fields } = expected;
  assert.equal(is, "accepted");
  const said = fieldsOf(message, expected);
  for (const [name, value] of Object.entries(fields)) {
    assert.deepEqual(said[name], value, name);
  }
  // What is printed is read back as the same message.
  const again = parseMessageText(printMessage(message));
  assert.ok(again.kind !== "parse-failure", "the printed message is refused");
  assert.deepEqual(fieldsOf(again, expected), said);
}

function fieldsOf(message: Message, expected: Accepted): Record<string, unknown> {
  const { headers, from, to } = message;
  const target = message.kind === "request" ? message.target : undefined;
  return {
    ...(message.kind === "request"
      ? { method: message.method, uri: message.uri, target: definedOf(target, expected.target) }
      : { status: message.status, reason: message.reason }),
    callId: message.callId,
    cseq: message.cseq.number,
    ...definedOf({ fromTag: from.tag, fromDisplay: from.display, fromUri: from.uri }),
    ...definedOf({ toTag: to.tag, toDisplay: to.display, toUri: to.uri }),
    vias: headers.list("via").map((value) => {
      const via = parseVia(value);
      return `${via?.transport} ${via?.host} ${via?.branch}`;
    }),
    contacts: message.contacts.map((contact) => contact.uri),
    bodyBytes: message.body.length,
    headers: Object.fromEntries(
      Object.keys(expected.headers ?? {}).map((name) => [
        name,
        headers.get(headerKey(name)) ?? "(absent)",
      ]),
    ),
  };
}

/** The fields of `values` that are defined; with `like`, those that it has too. */
function definedOf(values: object | undefined, like?: object): Record<string, unknown> {
  const all = new Map(Object.entries(Object(values)));
  for (const name of Object.keys(like ?? {})) all.set(name, Reflect.get(Object(values), name));
  const wanted = [...all].filter(([name, value]) => value !== undefined && (!like || name in like));
  return Object.fromEntries(wanted);
}

function checkRefused(torture: TortureCase, expected: Refused): void {
  const failure = parseMessage(torture.wire);
  assert.ok(failure.kind === "parse-failure", "accepted");
  assert.equal(failure.what, expected.what);
  if (expected.status === undefined) {
    assert.equal(failure.replyTo, undefined, "there is nothing to answer");
    return;
  }
  assert.equal(failure.status, expected.status);
  assert.ok(failure.replyTo, "there is a request to answer");
  const response = printMessage(responseTo(failure.replyTo, failure.status, undefined, "t1"));
  assert.match(response, new RegExp(`^SIP/2\\.0 ${expected.status} `));
  for (const name of ["Via", "From", "To", "Call-ID", "CSeq"]) {
    assert.match(response, new RegExp(`\r\n${name}: \\S`));
  }
}
