import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ACTIONS, readCustomers } from "./customers.js";
import { evaluateHillstrom } from "./run.js";

const HEADER =
  "recency,history_segment,history,mens,womens,zip_code,newbie,channel,segment,visit,conversion,spend";

/** Made up: who bought men's goods visits after the men's e-mail, the others after the women's; nobody visits otherwise. */
function madeUp(count: number): string {
  const rows = Array.from({ length: count }, (_, i) => {
    const mens = i % 2;
    const segment = ACTIONS[Math.floor(i / 2) % 3]!;
    const visit = segment === (mens ? "Mens E-Mail" : "Womens E-Mail") && i % 7 < 5 ? 1 : 0;
    return `${1 + (i % 12)},"7) $1,000 +",${100 + (i % 50)},${mens},${1 - mens},Urban,0,Web,${segment},${visit},${visit},${visit * 20}`;
  });
  return `${HEADER}\n${rows.join("\n")}\n`;
}

const written = (text: string): string => {
  const file = join(mkdtempSync(join(tmpdir(), "segue-eval-")), "test.csv");
  writeFileSync(file, text);
  return file;
};

describe("the randomised e-mail test", () => {
  it("is read, and refused where an action is unknown", () => {
    const customers = readCustomers(written(madeUp(6)));
    expect(customers[1]).toEqual({
      features: {
        recency: 2,
        history: 101,
        bought: "mens 1, womens 0",
        zip_code: "Urban",
        newbie: "0",
        channel: "Web",
      },
      action: "Mens E-Mail",
      rewards: { visit: 1, conversion: 1, spend: 20 },
    });
    expect(() => readCustomers(written(madeUp(2).replaceAll("Mens E-Mail", "Fax")))).toThrow(
      /line 2: segment "Fax"/,
    );
  });

  it("shows a policy that is better than every fixed action, with intervals that carry it", () => {
    const { text } = evaluateHillstrom(written(madeUp(1_800)), () => undefined);
    const visits = text.split("\n").filter((line) => /^learned for visit +.*E-Mail +visit/.test(line));
    expect(visits).toHaveLength(3);
    for (const line of visits) expect(line).toMatch(/better$/);
    expect(text).not.toMatch(/NaN|undefined/);
  });
});
