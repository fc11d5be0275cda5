import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DefinitionError, formatProblem } from "./definition-error.js";
import { loadCatalogue, loadDefinitions, loadJourneys, loadPolicyPacks } from "./load.js";
import { validateDefinitions } from "./validate.js";

const CATALOGUE = `kind: Catalogue
id: test
version: 2
description: for tests
actions:
  - id: offer
    description: an offer
    purpose: marketing
    value: 1
    treatments:
      - { channel: push, title: Hello, body: "You moved {amountMinor|money}" }
      - { channel: sms, title: Hello, body: Hello }
  - id: call
    description: a call
    purpose: service
    value: 1
    treatments:
      - { channel: agent, title: Case, body: Case }
`;

const JOURNEY = `kind: Journey
id: test
version: 1
description: for tests
purpose: marketing
trigger:
  event: transfer.sent
  when: event.data.amountMinor > 1
entry: { rule: after-exit }
steps:
  - id: offer
    type: send
    action: offer
    next: wait
    otherwise: done
  - id: wait
    type: wait
    atMost: 2d
    onTimeout: done
  - id: done
    type: exit
    reason: done
`;

const PACK = `kind: PolicyPack
id: default
version: 1
description: for tests
source: house rule
rules:
  - purpose: marketing
    consent: required
`;

describe("loading definitions", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "segue-definitions-"));
    write("catalogue/test.yaml", CATALOGUE);
    write("journeys/test.yaml", JOURNEY);
    write("policies/default.yaml", PACK);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function write(name: string, text: string): void {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }

  /** The problems that loading everything reports, one text each. */
  function problems(): string[] {
    try {
      loadDefinitions(dir);
    } catch (error) {
      if (error instanceof DefinitionError) return error.problems.map(formatProblem);
      throw error;
    }
    return [];
  }

  it("loads what is right", () => {
    const d = loadDefinitions(dir);
    expect(d.journeys.map((j) => [j.id, j.version])).toEqual([["test", 1]]);
    expect([...d.catalogue.actions.keys()]).toEqual(["offer", "call"]);
    expect(d.catalogue.versions).toEqual([
      { id: "test", version: 2, digest: expect.stringMatching(/^[A-Za-z0-9_-]{24}$/) as string },
    ]);
    expect(d.policyPacks.map((p) => p.id)).toEqual(["default"]);
  });

  it("loads what ships", () => {
    expect(loadJourneys(process.cwd()).map((j) => j.id)).toEqual(
      expect.arrayContaining(["balance-leaving", "card-payment-rescue", "overdraft-rescue"]),
    );
    expect(loadCatalogue(process.cwd()).actions.size).toBeGreaterThan(8);
  });

  it("has nothing to say against what ships", () => {
    expect(validateDefinitions(process.cwd())).toMatchObject({ problems: [], warnings: [] });
  });

  const journeyCases: [string, [string, string], string][] = [
    [
      "a target that does not exist",
      ["onTimeout: done", "onTimeout: doen"],
      'journeys/test.yaml:19:16 steps[1].onTimeout: there is no step "doen" (did you mean "done"?)',
    ],
    [
      "an action that is not in the catalogue",
      ["action: offer", "action: ofer"],
      'journeys/test.yaml:13:13 steps[0].action: action "ofer" is not in the catalogue (did you mean "offer"?)',
    ],
    [
      "a type that does not exist",
      ["type: send", "type: sned"],
      "journeys/test.yaml:12:11 steps[0].type: Invalid discriminator value",
    ],
    [
      "an unknown field",
      ["atMost: 2d", "atMost: 2d\n    onTimout: done"],
      'journeys/test.yaml:19:5 steps[1].onTimout: unknown field "onTimout" (did you mean "onTimeout"?)',
    ],
    ["a missing field", ["    atMost: 2d\n", ""], "journeys/test.yaml:16:5 steps[1].atMost: is missing"],
    [
      "a wrong duration",
      ["atMost: 2d", "atMost: 2 days"],
      "journeys/test.yaml:18:13 steps[1].atMost: a duration is a whole number and a unit",
    ],
    [
      "a wrong purpose",
      ["purpose: marketing", "purpose: marketng"],
      'journeys/test.yaml:5:10 purpose: Invalid option: expected one of "marketing"|"service"|"collections" (did you mean "marketing"?)',
    ],
    [
      "an unknown variable",
      ["when: event.data.amountMinor > 1", "when: event.data.amountMinor > 1 && evnt.x"],
      "journeys/test.yaml:8:39 trigger.when: Unknown variable: evnt",
    ],
    [
      "an expression in quotes",
      ["when: event.data.amountMinor > 1", "when: 'true && evnt.x'"],
      "journeys/test.yaml:8:18 trigger.when: Unknown variable: evnt",
    ],
    [
      "an expression in a block",
      ["when: event.data.amountMinor > 1", "when: |-\n    true &&\n      evnt.x"],
      "journeys/test.yaml:10:7 trigger.when: Unknown variable: evnt",
    ],
    [
      "an expression that is folded",
      ["when: event.data.amountMinor > 1", "when: >-\n    true &&\n    evnt.x"],
      "journeys/test.yaml:8:9 trigger.when: Unknown variable: evnt",
    ],
    [
      "a step twice",
      ["- id: wait", "- id: offer"],
      'journeys/test.yaml:16:9 steps[1].id: a second step "offer"',
    ],
    [
      "a step that is never reached",
      ["    reason: done\n", "    reason: done\n  - { id: lost, type: exit, reason: lost }\n"],
      'journeys/test.yaml:23:11 steps[3].id: exit "lost" is never reached',
    ],
    [
      "a circle without a wait",
      ["otherwise: done", "otherwise: offer"],
      'journeys/test.yaml:11:9 steps[0].id: step "offer" leads back to itself without a wait',
    ],
    [
      "a route without an agent",
      ["type: send", "type: route"],
      "journeys/test.yaml:13:13 steps[0].action: a route step needs an action with a treatment for channel agent; offer has push, sms",
    ],
    [
      "an execute without its channel",
      ["type: send", "type: execute"],
      "journeys/test.yaml:13:13 steps[0].action: an execute step needs",
    ],
    [
      "a channel without a treatment",
      ["action: offer", "action: offer\n    channels: [push, email]"],
      "journeys/test.yaml:14:22 steps[0].channels[1]: no action of this step has a treatment for channel email",
    ],
    [
      "an action that could never be chosen",
      ["action: offer", "action: call\n    channels: [push]"],
      'journeys/test.yaml:13:13 steps[0].action: action "call" has no treatment for push',
    ],
    [
      "an event type that is none",
      ["event: transfer.sent", "event: [transfer.sent, transfer sent]"],
      'journeys/test.yaml:7:26 trigger.event[1]: "transfer sent" is no event type',
    ],
    [
      "a case that is neither",
      ["atMost: 2d", "atMost: 2d\n    for: [{ outcome: [clickd], goto: done }]"],
      "journeys/test.yaml:19:23 steps[1].for[0].outcome[0]: Invalid option",
    ],
    [
      "a goal that leads nowhere",
      ["steps:", "goal: { event: x.y, goto: nowhere }\nsteps:"],
      'journeys/test.yaml:10:27 goal.goto: there is no step "nowhere"',
    ],
    [
      "a key that is no text",
      ["{ rule: after-exit }", "{ rule: per-key, key: '[1]' }"],
      "journeys/test.yaml:9:31 entry.key: a key is a text or a number",
    ],
    [
      "a wait that has both limits",
      ["atMost: 2d", 'atMost: 2d\n    until: { timeOfDay: "09:00" }'],
      "journeys/test.yaml:19:12 steps[1].until: a wait says atMost or until, not both",
    ],
    [
      "a local time that is none",
      ["atMost: 2d", 'until: { timeOfDay: "9 o\'clock" }'],
      "journeys/test.yaml:18:25 steps[1].until.timeOfDay: a local time of day",
    ],
    [
      "a date that is a list",
      ["atMost: 2d", "until: { date: '[1]', limit: 9d }"],
      "journeys/test.yaml:18:21 steps[1].until.date: a value is a text, a number, true or false",
    ],
    [
      "an update with an unknown variable",
      [
        "type: wait\n    atMost: 2d\n    onTimeout: done",
        "type: update\n    set: { points: evnt.x }\n    next: done",
      ],
      "journeys/test.yaml:18:20 steps[1].set.points: Unknown variable: evnt",
    ],
    [
      "a circle whose wait may end at once",
      ["atMost: 2d\n    onTimeout: done", "until: { date: trigger.time, limit: 9d }\n    onTimeout: wait"],
      'journeys/test.yaml:16:9 steps[1].id: step "wait" leads back to itself without a wait',
    ],
    [
      "a branch that starts itself anew",
      [
        "type: wait\n    atMost: 2d\n    onTimeout: done",
        "type: parallel\n    atMost: 2d\n    join: all\n    next: done\n    branches: [{ id: a, first: offer }, { id: b, first: done }]",
      ],
      'journeys/test.yaml:21:32 steps[1].branches[0].first: branch "a" leads back to "wait", which starts it',
    ],
    [
      "a branch that leads nowhere",
      [
        "type: wait\n    atMost: 2d\n    onTimeout: done",
        "type: parallel\n    atMost: 2d\n    join: all\n    next: done\n    branches: [{ id: a, first: dnoe }, { id: b, first: done }]",
      ],
      'journeys/test.yaml:21:32 steps[1].branches[0].first: there is no step "dnoe" (did you mean "done"?)',
    ],
    [
      "a limit of instances where there is one",
      ["entry:", "concurrency: 3\nentry:"],
      "journeys/test.yaml:9:14 concurrency: counts instances side by side, and with entry rule after-exit there is one",
    ],
    ["broken YAML", ["steps:", "steps: ]"], "journeys/test.yaml:10:8: not valid YAML"],
  ];
  it.each(journeyCases)("reports %s", (_name, [from, to], expected) => {
    expect(JOURNEY).toContain(from);
    write("journeys/test.yaml", JOURNEY.replace(from, to));
    expect(problems().filter((p) => p.startsWith(expected))).toHaveLength(1);
  });

  const catalogueCases: [string, [string, string], string][] = [
    [
      "an expression with a trigger",
      ["value: 1", "value: 1\n    eligibility: trigger.data.x"],
      "catalogue/test.yaml:10:18 actions[0].eligibility: Unknown variable: trigger",
    ],
    [
      "a text with a wrong placeholder",
      ["|money}", "|euro}"],
      "catalogue/test.yaml:11:46 actions[0].treatments[0].body: {amountMinor|euro} is no placeholder",
    ],
    [
      "two treatments for one channel",
      ["channel: sms", "channel: push"],
      "catalogue/test.yaml:12:20 actions[0].treatments[1].channel: a second treatment for channel push",
    ],
    [
      "an action twice",
      ["id: call", "id: offer"],
      'catalogue/test.yaml:13:9 actions[1].id: action "offer" is already defined in catalogue/test.yaml',
    ],
    ["a negative value", ["value: 1", "value: -1"], "catalogue/test.yaml:9:12 actions[0].value: Too small"],
  ];
  it.each(catalogueCases)("reports %s", (_name, [from, to], expected) => {
    expect(CATALOGUE).toContain(from);
    write("catalogue/test.yaml", CATALOGUE.replace(from, to));
    expect(problems().filter((p) => p.startsWith(expected))).toHaveLength(1);
  });

  it("reports all problems of all files at once, in order, and not what only follows from a misspelt step", () => {
    write(
      "journeys/test.yaml",
      JOURNEY.replace("next: wait", "next: wiat").replace(
        "atMost: 2d",
        "atMost: 2d\n    for: [{ event: a.b, when: x, goto: done }]",
      ),
    );
    write("catalogue/test.yaml", CATALOGUE.replace("value: 1", "value: one"));
    write("policies/default.yaml", PACK.replace("consent: required", "consent: maybe"));
    expect(problems().map((p) => p.split(":").slice(0, 2).join(":"))).toEqual([
      "catalogue/test.yaml:9",
      "journeys/test.yaml:14",
      "journeys/test.yaml:19",
      "policies/default.yaml:8",
    ]);
  });

  it("knows versions apart, and refuses the same one twice", () => {
    write("journeys/test-2.yaml", JOURNEY.replace("version: 1", "version: 2"));
    expect(loadJourneys(dir).map((j) => j.version)).toEqual([1, 2]);
    write("journeys/test-3.yaml", JOURNEY);
    expect(() => loadJourneys(dir)).toThrow(
      "journeys/test.yaml:3:10 version: journey test@1 is already defined in journeys/test-3.yaml",
    );
  });

  it("refuses quiet hours that never open", () => {
    write("policies/default.yaml", `${PACK.trimEnd()}\n    quietHours: { from: "08:00", to: "08:00" }\n`);
    expect(() => loadPolicyPacks(dir)).toThrow(
      /policies\/default\.yaml:\d+:\d+ rules\[0\]\.quietHours: from and to are the same time/,
    );
  });

  it.each<[string, string, string]>([
    ["appliesTo: {}", "", "appliesTo: names no place, and the pack would apply nowhere"],
    ["appliesTo: { countries: [XX] }", "", "appliesTo.countries: XX is no country of ISO 3166-1"],
    [
      "appliesTo: { regions: [US-ZZ] }",
      "",
      "appliesTo.regions: US-ZZ is no part of a country after ISO 3166-2",
    ],
    [
      "",
      'contactTimes: { open: [{ days: [mon], from: "22:00", to: "06:00" }] }',
      "rules[0].contactTimes.open[0]: from 22:00 is not before to 06:00",
    ],
    ["", "spread: 30m", "rules[0].spread: the rule has no quietHours or contactTimes"],
  ])("refuses a policy pack with %s %s", (ofPack, ofRule, problem) => {
    const pack = PACK.replace("rules:", `${ofPack}\nrules:`).trimEnd();
    write("policies/default.yaml", `${pack}\n${ofRule === "" ? "" : `    ${ofRule}\n`}`);
    expect(() => loadPolicyPacks(dir)).toThrow(problem);
  });

  it("refuses a policy pack or an action that another file defines", () => {
    write("policies/other.yaml", PACK);
    expect(() => loadPolicyPacks(dir)).toThrow(
      'policy pack "default" is already defined in policies/default.yaml',
    );
    write("catalogue/zzz.yaml", CATALOGUE.replace("id: test", "id: zzz"));
    expect(() => loadCatalogue(dir)).toThrow('action "offer" is already defined in catalogue/test.yaml');
  });

  it("says which folder is missing or empty", () => {
    rmSync(join(dir, "policies"), { recursive: true });
    expect(() => loadPolicyPacks(dir)).toThrow("policies:1:1: the folder cannot be read: ENOENT");
    mkdirSync(join(dir, "policies"));
    expect(() => loadPolicyPacks(dir)).toThrow("policies:1:1: the folder holds no .yaml file");
    write("policies/empty.yaml", "\n");
    expect(() => loadPolicyPacks(dir)).toThrow("policies/empty.yaml:1:1: the file is empty");
  });

  it("loads each kind without the others", () => {
    rmSync(join(dir, "policies"), { recursive: true });
    expect(loadJourneys(dir)).toHaveLength(1);
    rmSync(join(dir, "journeys"), { recursive: true });
    expect(loadCatalogue(dir).actions.size).toBe(2);
  });
});
