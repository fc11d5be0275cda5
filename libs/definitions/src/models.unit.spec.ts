/** What `segue validate` says of models, and of actions that name one. */
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attributesIn } from "./attribute-uses.js";
import { validateDefinitions } from "./validate.js";

const shipped = process.cwd();

/** The shipped definitions with one more model. */
function problemsWith(features: string, more = ""): string[] {
  const text = `kind: Model
id: extra
version: 1
description: d
success: [converted]
horizon: 1d
${more}features:
${features}`;
  const source = { name: "models/extra.yaml", text };
  return validateDefinitions(shipped, { extra: { Model: [source] } }).problems.map(
    (p) => `${p.path}: ${p.cause}`,
  );
}

const feature = (of: string, name = "x", kind = "number"): string =>
  `  ${name}: { kind: ${kind}, of: '${of}' }\n`;

describe("models", () => {
  it("may be of anything that is known and not protected", () => {
    const fine = [
      feature("context.attributes.balanceMinor"),
      feature('"payment.sent" in context.signals', "paid", "flag"),
      feature('context.windows["logins-30d"]', "logins"),
      feature("event.data.items[0].price", "price"),
      feature('has(event.data.agentId) ? event.data.agentId : "none"', "agent", "category"),
      feature("size(context.contacts)", "contacts"),
    ];
    expect(problemsWith(fine.join(""))).toEqual([]);
  });

  it.each([
    ["by the feature's name", feature("event.data.group", "customerAge"), /customerAge.*protected/],
    ["by an attribute", feature("context.attributes.gender", "x", "category"), /gender.*protected/],
    [
      "by an attribute in brackets",
      feature('context.attributes["marital_status"]', "x", "category"),
      /protected/,
    ],
    ["by what is within", feature("event.data.person.religion", "x", "category"), /religion.*protected/],
    ["in a list", feature('event.data.people.exists(p, p.sex == "f")', "x", "flag"), /protected/],
    ["by whether it is there", feature('"pregnant" in context.signals', "x", "flag"), /protected/],
    [
      "by a name of the bank's",
      feature("context.attributes.postcode", "x", "category"),
      /postcode.*protected/,
    ],
  ])("never go by a protected attribute: %s", (_, features, cause) => {
    expect(problemsWith(features, "protected: [postcode]\n").join("\n")).toMatch(cause);
  });

  it.each([
    ["a computed name", 'context.attributes["gen" + "der"]'],
    ["every attribute", "size(context.attributes)"],
    ["every attribute, in brackets", 'size(context["attributes"])'],
    ["every attribute, one by one", 'context.attributes.exists(k, k.startsWith("g"))'],
    ["the whole event", "size(string(event))"],
  ])("say which fields they read, not %s", (_, of) => {
    expect(problemsWith(feature(of)).length).toBeGreaterThan(0);
  });

  it("take expressions that fit the kind, and windows that are there", () => {
    expect(problemsWith(feature("event.type"))).toEqual([
      "features.x.of: must be a number, this is of type string",
    ]);
    expect(problemsWith(feature("event.time", "x", "flag"))[0]).toMatch(/true or false/);
    expect(problemsWith(feature('context.windows["nope"]'))[0]).toMatch(/no window "nope"/);
  });

  it("are told of a field that no event declares", () => {
    const text = `kind: Model\nid: extra\nversion: 1\ndescription: d\nsuccess: [converted]\nhorizon: 1d\nfeatures:\n${feature("event.data.amountMinr")}`;
    const source = { name: "models/extra.yaml", text };
    const { warnings } = validateDefinitions(shipped, { extra: { Model: [source] } });
    expect(warnings.map((w) => `${w.path}: ${w.cause}`)).toEqual([
      'features.x.of: no event declares a field "amountMinr"',
    ]);
  });

  it("name columns that are features, as numbers", () => {
    const onnx = "source: { kind: onnx, file: m.onnx, inputs: [x, y], actions: [a] }\n";
    expect(problemsWith(feature("event.type", "x", "category"), onnx)).toEqual([
      'source.inputs[0]: "x" is a text, a column holds numbers',
      'source.inputs[1]: "y" is no feature of this model',
    ]);
  });

  it("are there for every action that names one, which says what to start from", () => {
    const dir = mkdtempSync(join(tmpdir(), "segue-models-"));
    for (const folder of ["policies", "journeys"]) mkdirSync(join(dir, folder));
    cpSync(join(shipped, "policies", "default.yaml"), join(dir, "policies", "default.yaml"));
    mkdirSync(join(dir, "catalogue"));
    writeFileSync(
      join(dir, "catalogue", "c.yaml"),
      `kind: Catalogue
id: c
version: 1
description: d
actions:
  - id: a
    description: d
    purpose: service
    value: 1
    model: nope
    treatments: [{ channel: push, title: t, body: b }]
`,
    );
    const causes = validateDefinitions(dir).problems.map((p) => p.cause);
    expect(causes).toContain('there is no model "nope" in models/');
    expect(causes).toContain("an action with a model says what it starts from");
  });
});

it("finds every field that an expression reads", () => {
  const names = (source: string): (string | undefined)[] => attributesIn(source).map((u) => u.name);
  expect(names('event.data.a["b"][0].c + context.attributes.d')).toEqual([
    "c",
    "b",
    "a",
    "data",
    "d",
    "attributes",
  ]);
  expect(names("size(event.data)")).toContain(undefined);
  expect(names("event.data[event.data.key]")).toContain(undefined);
});
