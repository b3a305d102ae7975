import assert from "node:assert/strict";
import { test } from "node:test";
import { loudSeconds, purity, readWav } from "./tone.ts";

const RATE = 8_000;

function tone(hz: number, seconds: number): Float64Array {
  return Float64Array.from(
    { length: RATE * seconds },
    (_, index) => 0.5 * Math.sin((2 * Math.PI * hz * index) / RATE),
  );
}

function wav(samples: Float64Array): Buffer {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt32LE(RATE, 24);
  header.write("data", 36);
  header.writeUInt32LE(samples.length * 2, 40);
  const body = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, index) => {
    body.writeInt16LE(Math.round(sample * 32_767), index * 2);
  });
  return Buffer.concat([header, body]);
}

test("a tone is pure at its own frequency and absent at others", () => {
  const sound = readWav(wav(tone(440, 1)));
  assert.equal(sound.samplesPerSecond, RATE);
  assert.ok(purity(sound, 440) > 0.99);
  assert.ok(purity(sound, 880) < 0.01);
});

test("two tones share the energy, and silence has none", () => {
  const other = tone(1_000, 1);
  const both = tone(440, 1).map((sample, index) => (sample + other[index]!) / 2);
  assert.ok(Math.abs(purity({ samplesPerSecond: RATE, samples: both }, 440) - 0.5) < 0.02);
  assert.equal(purity({ samplesPerSecond: RATE, samples: new Float64Array(RATE) }, 440), 0);
});

test("only what is heard counts as loud", () => {
  const samples = new Float64Array(RATE * 3);
  samples.set(tone(440, 1), RATE);
  assert.equal(Math.round(loudSeconds({ samplesPerSecond: RATE, samples }) * 10), 10);
});
