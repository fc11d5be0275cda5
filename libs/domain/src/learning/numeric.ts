/** Log-odds beyond this are certainty enough (6 in a million); keeps every exponential finite. */
const FARTHEST = 12;

export const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

export const logit = (p: number): number => Math.log(p / (1 - p));

export const within = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value));

export const boundedLogOdds = (z: number): number => within(z, -FARTHEST, FARTHEST);

/** log(1 + eᶻ). */
export const softplus = (z: number): number =>
  z > 0 ? z + Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z));

/** Horner's scheme: the last coefficient is the constant. */
const polynomial = (x: number, ...coefficients: readonly number[]): number =>
  coefficients.reduce((sum, c) => sum * x + c, 0);

/**
 * Quantile of the standard normal distribution, 0 < u < 1 (P. J. Acklam's rational approximation, relative error below
 * 1.2e-9).
 */
export function normalQuantile(u: number): number {
  if (u < 0.02425) return tail(Math.sqrt(-2 * Math.log(u)));
  if (u > 1 - 0.02425) return -tail(Math.sqrt(-2 * Math.log(1 - u)));
  const q = u - 0.5;
  const r = q * q;
  return (
    (q *
      polynomial(
        r,
        -3.969683028665376e1,
        2.209460984245205e2,
        -2.759285104469687e2,
        1.38357751867269e2,
        -3.066479806614716e1,
        2.506628277459239,
      )) /
    polynomial(
      r,
      -5.447609879822406e1,
      1.615858368580409e2,
      -1.556989798598866e2,
      6.680131188771972e1,
      -1.328068155288572e1,
      1,
    )
  );
}

function tail(q: number): number {
  return (
    polynomial(
      q,
      -7.784894002430293e-3,
      -3.223964580411365e-1,
      -2.400758277161838,
      -2.549732539343734,
      4.374664141464968,
      2.938163982698783,
    ) / polynomial(q, 7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1)
  );
}
