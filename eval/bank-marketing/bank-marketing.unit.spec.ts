import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dataFile } from "../data-file.js";
import { readContacts, type Contact } from "./contacts.js";
import { contendersOf, OURS } from "./contenders.js";
import { figuresOf, forecastsOf } from "./evaluate.js";
import { evaluateBankMarketing } from "./run.js";

const FULL = `"age";"job";"marital";"education";"default";"balance";"housing";"loan";"contact";"day";"month";"duration";"campaign";"pdays";"previous";"poutcome";"y"
58;"management";"married";"tertiary";"no";2143;"yes";"no";"unknown";5;"may";261;1;-1;0;"unknown";"no"
44;"technician";"single";"secondary";"no";29;"yes";"no";"unknown";5;"may";151;1;-1;0;"unknown";"no"
33;"student";"single";"unknown";"no";2;"no";"no";"cellular";6;"jan";76;2;92;1;"success";"yes"
`;

const written = (text: string): string => {
  const file = join(mkdtempSync(join(tmpdir(), "segue-eval-")), "contacts.csv");
  writeFileSync(file, text);
  return file;
};

describe("the contacts of a bank", () => {
  it("are read with year, label and what was known before the call", () => {
    const { contacts, features, protectedFeatures } = readContacts(written(FULL));
    expect(contacts.map(({ month, label }) => `${month} ${label}`)).toEqual([
      "2008-05 0",
      "2008-05 0",
      "2009-01 1",
    ]);
    expect(contacts.map(({ features: f }) => [f.pdays, f.contactsToday])).toEqual([
      [undefined, 0],
      [undefined, 1],
      [92, 0],
    ]);
    for (const never of ["duration", "age", "marital", "y"]) expect(features).not.toHaveProperty(never);
    expect(Object.keys(protectedFeatures)).toEqual(["age", "marital"]);
    expect(contacts[0]!.features).not.toHaveProperty("duration");
  });

  it("are predicted before they are learnt", () => {
    const { contacts } = readContacts(written(FULL));
    const log: string[] = [];
    const spy = {
      name: "spy",
      start: () => ({
        predict: (c: Contact) => (log.push(`predict ${c.label}`), 0.5),
        learn: (c: Contact) => void log.push(`learn ${c.label}`),
      }),
    };
    forecastsOf(spy, contacts);
    expect(log).toEqual(["predict 0", "learn 0", "predict 0", "learn 0", "predict 1", "learn 1"]);
  });

  it("that are few are evaluated all the same, with a table and plots", () => {
    const { text, plots } = evaluateBankMarketing(written(FULL), 1, () => undefined);
    expect(text).toContain("AUC within month");
    expect([...plots.keys()]).toEqual(["reliability", "auc-by-month"]);
    expect(text).not.toMatch(/NaN|undefined/);
  });

  it("are foretold better by Segue than by a moving average, in log-loss and ranking within months, and as they come", () => {
    const read = readContacts(dataFile("bank-marketing", "bank-marketing", "bank-additional-full"));
    const last = read.contacts.slice(-10_000);
    const [average, ours] = ["moving average", OURS].map((name) => {
      const contender = contendersOf(read).find((c) => c.name === name)!;
      return figuresOf(name, forecastsOf(contender, last).slice(1_000));
    });
    expect(ours!.logLoss).toBeLessThan(average!.logLoss - 0.002);
    expect(ours!.within.byPairs).toBeGreaterThan(average!.within.byPairs!);
    // A moving average is calibrated by its nature.
    expect(ours!.calibrationError).toBeLessThan(0.015);
  }, 120_000);
});
