/**
 * Amounts for people. Written out here instead of by the platform's locale data, which changes between releases: a
 * decision must replay to the same bytes (I9).
 */

/** Currencies of ISO 4217 whose minor unit is not a hundredth. */
const MINOR_DIGITS: Readonly<Record<string, number>> = {
  ...digits(0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
  ...digits(3, "BHD IQD JOD KWD LYD OMR TND"),
  ...digits(4, "CLF UYW"),
};

function digits(n: number, currencies: string): Record<string, number> {
  return Object.fromEntries(currencies.split(" ").map((c) => [c, n]));
}

/**
 * `CZK 12,345.60` for 1234560 minor units; `undefined` when amount or currency make no sense. `group` and `point` are what
 * stands between thousands and before the minor units.
 */
export function money(amountMinor: unknown, currency: unknown, group = ",", point = "."): string | undefined {
  if (typeof amountMinor !== "number" || !Number.isSafeInteger(amountMinor)) return undefined;
  if (typeof currency !== "string" || !/^[A-Z]{3}$/.test(currency)) return undefined;
  const minor = MINOR_DIGITS[currency] ?? 2;
  const text = String(Math.abs(amountMinor)).padStart(minor + 1, "0");
  const whole = text.slice(0, text.length - minor).replace(/\B(?=(\d{3})+$)/g, group);
  const part = minor > 0 ? `${point}${text.slice(text.length - minor)}` : "";
  return `${currency} ${amountMinor < 0 ? "-" : ""}${whole}${part}`;
}
