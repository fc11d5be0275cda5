/** Intervals for rates and their comparison, each by the method that its source names. Pure. */

/** Of the standard normal distribution: 95 % lie within. */
export const Z_95 = 1.959963984540054;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Estimate extends Interval {
  readonly value: number;
}

/**
 * Interval of a share by Wilson's score method (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927, 209–212): right also for small
 * counts and for shares near 0 and 1.
 */
export function wilson(hits: number, of: number, z = Z_95): Interval {
  if (of === 0) return { low: 0, high: 1 };
  const p = hits / of;
  const z2 = z * z;
  const middle = p + z2 / (2 * of);
  const half = z * Math.sqrt((p * (1 - p)) / of + z2 / (4 * of * of));
  const scale = 1 + z2 / of;
  return {
    low: hits === 0 ? 0 : Math.max(0, (middle - half) / scale),
    high: hits === of ? 1 : Math.min(1, (middle + half) / scale),
  };
}

export interface Count {
  readonly hits: number;
  readonly of: number;
}

/**
 * Difference of two independent shares, a − b, with an interval from their Wilson intervals (R. G. Newcombe, Statist. Med. 17,
 * 1998, 873–890, method 10).
 */
export function shareDifference(a: Count, b: Count, z = Z_95): Estimate {
  const [p, q] = [shareOf(a), shareOf(b)];
  const [wa, wb] = [wilson(a.hits, a.of, z), wilson(b.hits, b.of, z)];
  const value = p - q;
  return {
    value,
    low: value - Math.hypot(p - wa.low, wb.high - q),
    high: value + Math.hypot(wa.high - p, q - wb.low),
  };
}

/**
 * Ratio of two independent shares, a ÷ b, with an interval on the logarithm (D. Katz et al., Biometrics 34, 1978, 469–474);
 * half a hit is added to each where one has none, or only hits.
 */
export function shareRatio(a: Count, b: Count, z = Z_95): Estimate {
  const edge = a.hits === 0 || b.hits === 0 || (a.hits === a.of && b.hits === b.of);
  const add = edge ? 0.5 : 0;
  const [x, m, y, n] = [a.hits + add, a.of + 2 * add, b.hits + add, b.of + 2 * add];
  const ratio = x / m / (y / n);
  const spread = Math.exp(z * Math.sqrt(Math.max(0, 1 / x - 1 / m + 1 / y - 1 / n)));
  const exact = b.hits === 0 ? ratio : shareOf(a) / shareOf(b);
  return { value: exact, low: ratio / spread, high: ratio * spread };
}

/** Sums from which mean and variance follow. */
export interface Moments {
  readonly n: number;
  readonly sum: number;
  readonly squares: number;
}

/** Difference of two means, a − b, with a normal interval and each group's own variance (Welch); for large groups. */
export function meanDifference(a: Moments, b: Moments, z = Z_95): Estimate {
  const value = meanOf(a) - meanOf(b);
  const half = z * Math.sqrt(varianceOfMean(a) + varianceOfMean(b));
  return { value, low: value - half, high: value + half };
}

export const shareOf = ({ hits, of }: Count): number => (of === 0 ? 0 : hits / of);
export const meanOf = ({ n, sum }: Moments): number => (n === 0 ? 0 : sum / n);

function varianceOfMean({ n, sum, squares }: Moments): number {
  return n < 2 ? 0 : Math.max(0, squares - (sum * sum) / n) / (n - 1) / n;
}

/** Logarithm of the beta function. */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

// Coefficients of Lanczos' approximation with g = 7 and 9 terms; relative error below 1e-14.
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** Logarithm of the gamma function, x ≥ 0.5 (C. Lanczos, SIAM J. Numer. Anal. B 1, 1964). */
function logGamma(x: number): number {
  const y = x - 1;
  let sum = LANCZOS[0]!;
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (y + i);
  const t = y + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (y + 0.5) * Math.log(t) - t + Math.log(sum);
}
