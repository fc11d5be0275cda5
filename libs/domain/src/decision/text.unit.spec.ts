import { money } from "./money.js";
import { fillText, textProblems } from "./text.js";

describe("money", () => {
  it.each([
    [123_456_789, "CZK", "CZK 1,234,567.89"],
    [5, "CZK", "CZK 0.05"],
    [-100_050, "CZK", "CZK -1,000.50"],
    [1_234, "JPY", "JPY 1,234"],
    [1_234, "KWD", "KWD 1.234"],
    [0, "EUR", "EUR 0.00"],
    [100_000, "EUR", "EUR 1,000.00"],
    [1.5, "EUR", undefined],
    [100, undefined, undefined],
    [100, "Kč", undefined],
    ["100", "EUR", undefined],
  ])("%p %p → %p", (amount, currency, expected) => expect(money(amount, currency)).toBe(expected));
});

describe("texts", () => {
  it.each([
    [
      "Pay {amountMinor|money} to {payee.name}",
      { amountMinor: 100, currency: "CZK", payee: { name: "Shop" } },
      "Pay CZK 1.00 to Shop",
      [],
    ],
    ["{a}{b}", { a: 1, b: true }, "1true", []],
    ["x{a}y{a.b}", { a: null }, "xy", ["{a}", "{a.b}"]],
    ["{toString}", {}, "", ["{toString}"]],
    ["{amountMinor|money}", { amountMinor: 100 }, "", ["{amountMinor|money}"]],
    ["{a}", { a: "{b}", b: "secret" }, "{b}", []],
    ["Subject {a}", { a: "x\r\nBcc: y\u0000z" }, "Subject x Bcc: y z", []],
    ["{a}", { a: "x".repeat(500) }, "x".repeat(120), []],
  ])("%p with %j", (text, data, filled, missing) =>
    expect(fillText(text, data)).toEqual({ text: filled, missing }),
  );

  it.each([
    ["fine {a} {a.b} {a|money}", 0],
    ["{a|euro}", 1],
    ["{} and {a b}", 2],
    ["open {a", 1],
    ["close }", 1],
  ])("finds what is wrong in %p", (text, n) => expect(textProblems(text)).toHaveLength(n));
});
