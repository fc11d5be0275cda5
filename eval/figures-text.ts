/** Figures as the reports write them. */

export const decimals = (value: number | undefined, digits: number): string =>
  value === undefined ? "–" : value.toFixed(digits);

export const percent = (value: number, digits = 1): string => `${(100 * value).toFixed(digits)} %`;
