/** What a catalogue's author is told: languages, variables, limits, promotion, and how large a catalogue may be. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LARGE_TAG, largeCatalogue } from "#testing";
import { formatProblem } from "./definition-error.js";
import { loadCatalogues } from "./load.js";
import { validateDefinitions } from "./validate.js";

const CATALOGUE = `kind: Catalogue
id: test
version: 1
description: for tests
actions:
  - id: note
    description: a note
    purpose: service
    tags: [notes]
    cost: 2
    budget: { amount: 10 }
    variables: { amountMinor: { type: money, required: true } }
    value: 1
    treatments:
      - { channel: sms, title: Note, body: "About {amountMinor}" }
      - { channel: sms, language: cs, title: Zpráva, body: "Jde o {amountMinor|money}" }
`;
const JOURNEY = `kind: Journey
id: test
version: 1
description: for tests
purpose: service
trigger: { event: transfer.sent }
entry: { rule: after-exit }
steps:
  - { id: say, type: decide, candidates: { tags: [notes] }, otherwise: done, next: done }
  - { id: done, type: exit, reason: done }
`;
const EVENTS = `kind: Events
id: test
version: 1
description: for tests
events:
  - { type: transfer.sent, description: sent, data: { amountMinor: minor units, currency: ISO 4217 } }
`;
const PACK = `kind: PolicyPack
id: default
version: 1
description: for tests
source: house rule
rules: [{ purpose: service, consent: ignored }, { purpose: marketing, consent: required }]
`;

describe("checks of a catalogue", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "segue-catalogue-"));
    for (const folder of ["catalogue", "journeys", "events", "policies"]) mkdirSync(join(dir, folder));
    write({});
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function write(texts: { catalogue?: string; journey?: string; events?: string }): void {
    writeFileSync(join(dir, "catalogue/test.yaml"), texts.catalogue ?? CATALOGUE);
    writeFileSync(join(dir, "journeys/test.yaml"), texts.journey ?? JOURNEY);
    writeFileSync(join(dir, "events/test.yaml"), texts.events ?? EVENTS);
    writeFileSync(join(dir, "policies/test.yaml"), PACK);
  }
  const said = (): { problems: string[]; warnings: string[] } => {
    const { problems, warnings } = validateDefinitions(dir);
    return { problems: problems.map(formatProblem), warnings: warnings.map(formatProblem) };
  };

  it("takes what is right", () => expect(said()).toEqual({ problems: [], warnings: [] }));

  it.each([
    ["a condition", "eligibility: event.data.amountMinr > 1", "eligibility"],
    [
      "a context weight",
      "contextWeights: [{ when: event.data.amountMinr > 1, weight: 2, why: much }]",
      "contextWeights[0].when",
    ],
  ])("warns of a field in %s that no event declares", (_, line, path) => {
    write({ catalogue: CATALOGUE.replace("    value: 1\n", `    value: 1\n    ${line}\n`) });
    expect(said().problems).toEqual([]);
    expect(said().warnings).toEqual([
      expect.stringContaining(
        `actions[0].${path}: no event declares a field "amountMinr" (did you mean "amountMinor"?)`,
      ),
    ]);
  });

  it("takes a field that some event declares, or a text that is none", () => {
    const line = 'eligibility: has(event.data.amountMinor) && event.data.currency == "CZK"';
    write({ catalogue: CATALOGUE.replace("    value: 1\n", `    value: 1\n    ${line}\n`) });
    expect(said()).toEqual({ problems: [], warnings: [] });
  });

  const refused: [string, [string, string], string][] = [
    [
      "a field that is not declared",
      ['"About {amountMinor}"', '"About {amountMinr}"'],
      'actions[0].treatments[0].body: {amountMinr} is not declared under variables (did you mean "amountMinor"?)',
    ],
    [
      "a variable that no event carries",
      ["variables: {", "variables: { amountMajor: { type: number },"],
      'actions[0].variables.amountMajor: no event declares a field "amountMajor": this variable would stay empty (did you mean "amountMinor"?)',
    ],
    ["an unknown type", ["type: money", "type: monney"], "Invalid option"],
    [
      "money that is declared as text",
      ["type: money", "type: text"],
      "{amountMinor|money} is declared as text",
    ],
    [
      "a default of another type",
      ["required: true", "default: much"],
      '"much" is no money: write minor units, a whole number',
    ],
    [
      "a default that is never used",
      ["required: true", "required: true, default: 1"],
      "a required variable has no default",
    ],
    [
      "two texts in one language",
      ["{ channel: sms, title: Note", "{ channel: sms, language: CS, title: Note"],
      "a second treatment for channel sms in cs: an action has one per channel and language",
    ],
    [
      "a day that is not there",
      ["cost: 2", "cost: 2\n    validity: { from: 2026-02-30 }"],
      '"2026-02-30" is no date',
    ],
    [
      "an end before the beginning",
      ["cost: 2", "cost: 2\n    validity: { from: 2026-03-02, until: 2026-03-01 }"],
      "it ends before it begins",
    ],
    ["a budget of nothing", ["cost: 2\n", "cost: 0\n"], "nothing is ever spent of it"],
    ["a budget that pays for none", ["amount: 10", "amount: 1"], "1 does not pay for one (cost 2)"],
    [
      "a service action that is marked as promotional",
      ["purpose: service", "purpose: service\n    promotional: true"],
      "note is promotional and of purpose service: that is marketing",
    ],
    [
      "a promotional tag",
      ["tags: [notes]", "tags: [notes, promotional]"],
      "actions[0].tags[1]: note is promotional",
    ],
    [
      "a promotional text",
      ["{ channel: sms, language: cs,", "{ channel: sms, promotional: true, language: cs,"],
      "actions[0].treatments[1].promotional: note is promotional",
    ],
    [
      "a word that promotes",
      ["title: Note", "title: A Special Offer for you"],
      'treatments[0].title: "Special Offer" reads like promotion, and note is of purpose service',
    ],
    [
      "a reduction in per cent",
      ["title: Note", "title: Get 20% off our card"],
      'treatments[0].title: "% off" reads like promotion',
    ],
    [
      "a word of the text's language",
      ["Jde o", "Sleva: jde o"],
      'treatments[1].body: "Sleva" reads like promotion',
    ],
    [
      "a word that the catalogue adds",
      ["actions:", "promotionalWords: { cs: [Jde*] }\nactions:"],
      'treatments[1].body: "Jde" reads like promotion',
    ],
  ];
  it.each(refused)("refuses %s", (_name, [from, to], expected) => {
    expect(CATALOGUE).toContain(from);
    write({ catalogue: CATALOGUE.replace(from, to) });
    expect(said().problems).toContainEqual(expect.stringContaining(expected));
  });

  it("takes a person's word that nothing is promoted, and warns of variables without a text", () => {
    write({
      catalogue: CATALOGUE.replace("title: Note", "title: Your bonus has been paid").replace(
        "purpose: service",
        "purpose: service\n    promotional: false",
      ),
    });
    expect(said().problems).toEqual([]);
    write({ catalogue: CATALOGUE.replace("variables: {", "variables: { currency: { type: text },") });
    expect(said().warnings).toEqual([expect.stringContaining("no text of note shows {currency}")]);
  });

  it("has nothing to say against the example of docs/catalogue.md", () => {
    const [, example] = /```yaml\n(kind: Catalogue\n[^`]*)```/.exec(
      readFileSync("docs/catalogue.md", "utf8"),
    )!;
    writeFileSync(join(dir, "catalogue/savings.yaml"), example!);
    expect(said()).toEqual({ problems: [], warnings: [] });
    expect(loadCatalogues(dir).find((c) => c.id === "savings")?.actions[0]?.treatments).toHaveLength(2);
  });

  it("refuses a journey whose event lacks what the text needs", () => {
    write({
      journey: JOURNEY.replace("transfer.sent", "page.viewed").replace(
        "candidates: { tags: [notes] }",
        "actions: [note]",
      ),
      events: EVENTS.replace(
        "events:\n",
        "events:\n  - { type: page.viewed, description: p, data: { page: a page } }\n",
      ),
    });
    expect(said().problems).toEqual([
      expect.stringContaining(
        "note needs amountMinor, which page.viewed does not carry: it could never be said here",
      ),
    ]);
  });

  it("looks for the tags of a journey", () => {
    write({ journey: JOURNEY.replace("[notes]", "[note]") });
    expect(said().problems).toEqual([
      expect.stringContaining(
        'steps[0].candidates.tags[0]: no action of the catalogue has the tag "note" (did you mean "notes"?)',
      ),
    ]);
    write({ journey: JOURNEY.replace("candidates: { tags: [notes] }, ", "") });
    expect(said().problems).toEqual([
      expect.stringContaining("a decide step names actions, or tags under candidates"),
    ]);
  });

  it("refuses what one message of NATS would not hold", () => {
    const large = { ...largeCatalogue({ actions: 1 }), description: "x".repeat(1_500_000) };
    writeFileSync(join(dir, "catalogue/large.yaml"), JSON.stringify(large));
    expect(said().problems).toContainEqual(
      expect.stringMatching(
        /catalogue\/large\.yaml:1:1: as JSON it has 150\d{4} bytes.*divide it into several/,
      ),
    );
  });

  it("loads and validates 2,500 actions with 5,000 treatments in seconds", () => {
    const large = [0, 1_250].map((first) => largeCatalogue({ id: `large-${first}`, first, actions: 1_250 }));
    expect(large.flatMap((c) => c.actions.flatMap((a) => a.treatments))).toHaveLength(5_000);
    // JSON is YAML, and quicker to write.
    for (const catalogue of large)
      writeFileSync(join(dir, `catalogue/${catalogue.id}.yaml`), JSON.stringify(catalogue, undefined, 1));
    writeFileSync(
      join(dir, "events/test.yaml"),
      EVENTS.replace("currency:", "name: a name, currency:").replaceAll("service", "marketing"),
    );
    writeFileSync(join(dir, "journeys/test.yaml"), JOURNEY.replace("[notes]", `[${LARGE_TAG}]`));
    const start = performance.now();
    expect(said().problems).toEqual([]);
    expect(loadCatalogues(dir).map((c) => c.actions.length)).toEqual([1_250, 1_250, 1]);
    // 10 s were measured for both on two cores busy with other work; a start may take so long, not much longer.
    expect(performance.now() - start).toBeLessThan(30_000);
  });
});
