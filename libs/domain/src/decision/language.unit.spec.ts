import { actionV1, type ActionDefinition } from "#contracts";
import { dateText, numberText, treatmentFor, writingOf } from "./language.js";
import { fillText, fitsType, missingVariable, placeholdersOf, type Variables } from "./text.js";

const spoken = (...languages: (string | undefined)[]): ActionDefinition =>
  actionV1.parse({
    id: "a",
    description: "a",
    purpose: "service",
    value: 1,
    treatments: [
      ...languages.map((language) => ({
        channel: "sms",
        ...(language === undefined ? {} : { language }),
        title: language ?? "none",
        body: "b",
      })),
      { channel: "push", title: "push", body: "b" },
    ],
  });

describe("the treatment for a customer's language", () => {
  it.each<[string, (string | undefined)[], string | undefined, string]>([
    ["the very tag", ["cs", "cs-CZ", undefined], "cs-CZ", "cs-CZ"],
    ["the tag in any case", ["en", "pt-BR"], "PT-br", "pt-BR"],
    ["the language", ["en", "cs", undefined], "cs-CZ", "cs"],
    ["another region of the language", [undefined, "pt-BR"], "pt-PT", "pt-BR"],
    ["no language named", ["en", undefined], "cs", "none"],
    ["the first, where all name one", ["de", "en"], "cs", "de"],
    ["a customer without a language", ["de", undefined], undefined, "none"],
    ["the only one", ["de"], "cs", "de"],
  ])("%s", (_name, languages, language, title) =>
    expect(treatmentFor(spoken(...languages), "sms", language)?.title).toBe(title),
  );

  it("has none on a channel without a treatment", () =>
    expect(treatmentFor(spoken("cs"), "email", "cs")).toBeUndefined());
});

describe("numbers and dates", () => {
  it.each([
    [1_234_567.5, "en", "1,234,567.5"],
    [1_234_567.5, "de-AT", "1.234.567,5"],
    [-1_234, "cs", "-1\u00a0234"],
    [1_234.25, undefined, "1,234.25"],
    [0.5, "cs", "0,5"],
    [1e21, "cs", "1e+21"],
  ])("%p in %p → %p", (value, language, text) => expect(numberText(value, writingOf(language))).toBe(text));
  it.each([
    ["en", "05/03/2026"],
    ["en-US", "03/05/2026"],
    ["cs-CZ", "5.\u00a03.\u00a02026"],
    ["de", "05.03.2026"],
    ["xx", "2026-03-05"],
    [undefined, "2026-03-05"],
  ])("5 March 2026 in %p → %p", (language, text) =>
    expect(dateText(2026, 3, 5, writingOf(language))).toBe(text),
  );
});

describe("typed variables", () => {
  const variables: Variables = {
    amountMinor: { type: "money" },
    rate: { type: "number" },
    due: { type: "date" },
    name: { type: "text", default: "customer" },
  };
  it.each<[string, Record<string, unknown>, string | undefined, string | undefined, string]>([
    ["{amountMinor}", { amountMinor: 123_456, currency: "CZK" }, "cs", undefined, "CZK 1\u00a0234,56"],
    ["{amountMinor|money}", { amountMinor: 123_456, currency: "CZK" }, "en", undefined, "CZK 1,234.56"],
    ["{rate} %", { rate: 4.5 }, "de", undefined, "4,5 %"],
    ["{due}", { due: "2026-12-31" }, "en", undefined, "31/12/2026"],
    ["{due}", { due: "2026-12-31T23:30:00Z" }, "cs", "Europe/Prague", "1.\u00a01.\u00a02027"],
    ["{due}", { due: Date.UTC(2026, 1, 28, 12) }, undefined, "Mars/Olympus", "2026-02-28"],
    ["{name}", {}, "en", undefined, "customer"],
    ["{name}", { name: "Jana" }, "en", undefined, "Jana"],
  ])("%p of %j in %p", (text, data, language, timezone, expected) =>
    expect(fillText(text, data, { variables, language, timezone })).toEqual({ text: expected, missing: [] }),
  );

  it("takes a value of another type for none", () => {
    const wrong = { amountMinor: "12", currency: "CZK", rate: "4", due: "soon" };
    const { text, missing } = fillText("{amountMinor}{rate}{due}", wrong, { variables });
    expect(text).toBe("");
    expect(missing).toEqual(["{amountMinor}", "{rate}", "{due}"]);
  });

  it("names the first required one without a value", () => {
    const required: Variables = { rate: { type: "number", required: true }, due: { type: "date" } };
    expect(missingVariable(required, {})).toBe("rate");
    expect(missingVariable(required, { rate: 1 })).toBeUndefined();
  });

  it("knows defaults of the wrong type, and where fields stand", () => {
    expect(fitsType({ type: "number", default: "four" })).toBe(false);
    expect(fitsType({ type: "date", default: "2026-02-30" })).toBe(false);
    expect(fitsType({ type: "money", default: 1.5 })).toBe(false);
    expect(fitsType({ type: "money", default: 150 })).toBe(true);
    expect(placeholdersOf("to {a.b}, {c|money}")).toEqual([
      { field: "a.b", money: false, offset: 3 },
      { field: "c", money: true, offset: 10 },
    ]);
  });
});
