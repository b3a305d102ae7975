import { Secret } from "#base";
import { SAVED_CALL_VERSION, type SavedCall } from "#port";

/** A property that no other object of a saved call has. */
const SECRET = "$secret";

/** A call as the store keeps it, with its secrets: the store is its owner's alone. */
export const callText = (call: SavedCall): string =>
  JSON.stringify(call, function (this: Record<string, unknown>, key, value: unknown) {
    // A Secret has turned itself into bullets by now: the holder has it still.
    const held = this[key];
    return held instanceof Secret ? { [SECRET]: held.reveal() } : value;
  });

/** Undefined for what is no call, or another version's. */
export function callOf(text: string): SavedCall | undefined {
  try {
    const call: unknown = JSON.parse(text, (_key, value: unknown) =>
      isSecret(value) ? new Secret(value[SECRET]) : value,
    );
    return isCall(call) ? call : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const isSecret = (value: unknown): value is { [SECRET]: unknown } =>
  isRecord(value) && Object.hasOwn(value, SECRET);

function isCall(value: unknown): value is SavedCall {
  if (!isRecord(value)) return false;
  const { version, id } = value;
  return version === SAVED_CALL_VERSION && typeof id === "string";
}
