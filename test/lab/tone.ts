/** Samples of a 16-bit mono WAV file, between -1 and 1. */
export interface Sound {
  readonly samplesPerSecond: number;
  readonly samples: Float64Array;
}

const BYTES_PER_SAMPLE = 2;

export function readWav(file: Buffer): Sound {
  const samplesPerSecond = file.readUInt32LE(24);
  let offset = 12;
  while (file.toString("latin1", offset, offset + 4) !== "data") {
    offset += 8 + file.readUInt32LE(offset + 4);
    if (offset + 8 > file.length) throw new Error("the WAV file has no data");
  }
  // A file that was not closed tells no length: what is there counts.
  const count = Math.floor((file.length - offset - 8) / BYTES_PER_SAMPLE);
  const samples = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    samples[index] = file.readInt16LE(offset + 8 + index * BYTES_PER_SAMPLE) / 32_768;
  }
  return { samplesPerSecond, samples };
}

/** The share of the sound's energy that is at this frequency: 1 for a pure tone (Goertzel). */
export function purity(sound: Sound, hz: number): number {
  const { samples, samplesPerSecond } = sound;
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / samplesPerSecond);
  let before = 0;
  let last = 0;
  let energy = 0;
  for (const sample of samples) {
    const next = sample + coefficient * last - before;
    before = last;
    last = next;
    energy += sample * sample;
  }
  if (energy === 0) return 0;
  const power = last * last + before * before - coefficient * last * before;
  return (2 * power) / (samples.length * energy);
}

/** Seconds of sound that are louder than silence. */
export function loudSeconds(sound: Sound): number {
  return blocks(sound).filter((block) => rootMeanSquare(block) > SILENCE).length * BLOCK_S;
}

/** The least pure of the loud parts: a gap filled with noise or another tone shows here. */
export function purities(sound: Sound, hz: number): number[] {
  return blocks(sound)
    .filter((block) => rootMeanSquare(block) > SILENCE)
    .map((samples) => purity({ ...sound, samples }, hz));
}

const BLOCK_S = 0.1;
const SILENCE = 0.01;

function blocks({ samples, samplesPerSecond }: Sound): Float64Array[] {
  const length = samplesPerSecond * BLOCK_S;
  const count = Math.floor(samples.length / length);
  return Array.from({ length: count }, (_, index) =>
    samples.subarray(index * length, (index + 1) * length),
  );
}

function rootMeanSquare(samples: Float64Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}
