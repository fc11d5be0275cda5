/** What is refused of experiments and fairness monitors, and what is only warned of. */
import { readExperiments, readFairness } from "./experiment-checks.js";
import { validateDefinitions } from "./validate.js";
import { catalogueOf, loadDefinitions, withExperiments } from "./load.js";
import { problemsOf } from "./definition-set.js";

const none = "no-such-folder";

const experiment = (more: string): string => `kind: Experiment
id: e
version: 1
description: d
${more}`;
const SUCCESS = "success: { event: savings.opened, within: 30d }";
const CONTROL = "control: { percent: 5 }";

const around = { journeys: new Set(["cross-sell"]), events: new Set(["savings.opened"]) };

function causes(text: string): string[] {
  const part = readExperiments(none, around, [{ name: "experiments/e.yaml", text: experiment(text) }]);
  return problemsOf(part).map((p) => p.cause);
}

it("a whole one has no problem, and no folder is none", () => {
  expect(causes(`${CONTROL}\n${SUCCESS}\njourneys: [cross-sell]`)).toEqual([]);
  expect(problemsOf(readExperiments(none))).toEqual([]);
  expect(problemsOf(readFairness(none))).toEqual([]);
});

it.each([
  [
    "a journey that is not there",
    `${CONTROL}\n${SUCCESS}\njourneys: [cross-sel]`,
    /there is no journey "cross-sel"/,
  ],
  ["more than half of the customers", `control: { percent: 60 }\n${SUCCESS}`, /50/],
  ["nobody", `control: { percent: 0 }\n${SUCCESS}`, /0/],
  [
    "a purpose: service messages are never held out",
    `${CONTROL}\n${SUCCESS}\npurposes: [service]`,
    /unknown field "purposes"/,
  ],
  ["no success", CONTROL, /is missing/],
  [
    "an outcome as success",
    `${CONTROL}\nsuccess: { event: outcome.converted, within: 1d }`,
    /the control group would seem to fail/,
  ],
  ["what is no event type", `${CONTROL}\nsuccess: { event: "a b", within: 1d }`, /no event type/],
  [
    "a condition over the context",
    `${CONTROL}\nsuccess: { event: savings.opened, when: "context.now > 3.0", within: 1d }`,
    /the event alone/,
  ],
  [
    "a value that is no number",
    `${CONTROL}\nsuccess: { event: savings.opened, value: "event.id", within: 1d }`,
    /must be a number/,
  ],
  [
    "a protected attribute",
    `${CONTROL}\nsuccess: { event: savings.opened, when: 'event.data.sex == "f"', within: 1d }`,
    /protected attribute/,
  ],
])("an experiment with %s is refused", (_what, text, cause) => {
  expect(causes(text)).toEqual([expect.stringMatching(cause)]);
});

it("an event that nobody declares is a warning: the experiment would never see a success", () => {
  const text = experiment(`${CONTROL}\nsuccess: { event: savings.opend, within: 1d }`);
  const { files } = readExperiments(none, around, [{ name: "experiments/e.yaml", text }]);
  expect(files[0]!.problems).toEqual([]);
  expect(files[0]!.warnings[0]).toMatchObject({
    suggestion: expect.stringContaining("savings.opened") as string,
  });
});

it.each([
  ["an attribute that decisions know", "attribute: segment", /is one that|protected attribute/],
  ["bands that do not ascend", "attribute: age\nbands: [40, 25]", /must ascend/],
  ["a journey that is not there", "attribute: age\njourneys: [x]", /there is no journey "x"/],
])("a fairness monitor with %s is refused", (_what, text, cause) => {
  const source = `kind: Fairness\nid: f\nversion: 1\ndescription: d\n${text}`;
  const part = readFairness(none, around.journeys, [{ name: "fairness/f.yaml", text: source }]);
  expect(problemsOf(part).map((p) => p.cause)).toEqual([expect.stringMatching(cause)]);
});

it("are validated with the other definitions, under their own names", () => {
  const text = experiment(`${CONTROL}\n${SUCCESS}\njourneys: [balance-leavin]`);
  const { problems } = validateDefinitions(process.cwd(), {
    extra: { Experiment: [{ name: "drafts/e.yaml", text }] },
  });
  expect(problems).toEqual([
    expect.objectContaining({
      file: "drafts/e.yaml",
      suggestion: expect.stringContaining("balance-leaving") as string,
    }),
  ]);
});

it("that ship are in the catalogue that decides, each by its content", () => {
  const { catalogue } = loadDefinitions(process.cwd());
  expect(catalogue.experiments).toEqual([
    expect.objectContaining({ id: "global-control", digest: expect.stringMatching(/^[\w-]{24}$/) as string }),
  ]);
  expect(withExperiments(catalogueOf([]), [])).not.toHaveProperty("experiments");
});
