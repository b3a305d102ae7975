import assert from "node:assert/strict";
import { test } from "node:test";
import { codecRating, mosOf, rFactor } from "./e-model.ts";

const ratingOf = (encoding: string) => {
  const rating = codecRating(encoding);
  assert.ok(rating, encoding);
  return rating;
};

test("G.711 without loss or delay is as good as a narrow band gets (G.107)", () => {
  const r = rFactor(ratingOf("pcma"), 0, 0);
  assert.equal(r, 93.2);
  assert.equal(mosOf(r).toFixed(2), "4.41");
});

for (const [r, mos] of [
  [-5, 1],
  [0, 1],
  [3, 1],
  [50, 2.58],
  [60, 3.1],
  [70, 3.6],
  [80, 4.02],
  [90, 4.34],
  [100, 4.5],
  [120, 4.5],
] as const) {
  test(`R ${r} is a MOS of ${mos} (G.107 table B.1)`, () => {
    assert.ok(Math.abs(mosOf(r) - mos) < 0.006, String(mosOf(r)));
  });
}

for (const [lossPercent, impairment] of [
  [0, 11],
  [0.5, 13],
  [1, 15],
  [1.5, 17],
  [2, 19],
  [3, 23],
  [4, 26],
  [8, 36],
  [16, 49],
] as const) {
  test(`G.729A that loses ${lossPercent} % is impaired by ${impairment} (G.113 appendix I)`, () => {
    const found = 93.2 - rFactor(ratingOf("g729"), lossPercent, 0);
    assert.ok(Math.abs(found - impairment) < 0.7, String(found));
  });
}

test("G.711 with concealment stands 5 % of loss, and is bad at 20 %", () => {
  const mos = (lossPercent: number): number => mosOf(rFactor(ratingOf("pcmu"), lossPercent, 20));
  assert.ok(mos(1) > 4.2 && mos(5) > 3.8 && mos(5) < 4, `${mos(1)} ${mos(5)}`);
  assert.ok(mos(20) < 2.8, String(mos(20)));
});

test("delay costs little up to 150 ms (G.114), and much beyond 300 ms", () => {
  const lost = (ms: number): number => 93.2 - rFactor(ratingOf("pcma"), 0, ms);
  assert.ok(lost(150) < 4 && lost(300) > 15 && lost(400) > 30);
});

test("a codec that nobody has rated has no rating", () => {
  assert.equal(codecRating("x-unheard-of"), undefined);
});
