/** docs/journeys-reference.md, and what editors are told. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { contractJsonSchema, PUBLISHED_CONTRACTS } from "#contracts";
import { FOLDERS } from "./definition-set.js";
import { journeysReference } from "./journeys-reference.js";

const read = (...path: string[]): string => readFileSync(join(process.cwd(), ...path), "utf8");

it("is what the schemas say", () => {
  if (read("docs", "journeys-reference.md") !== journeysReference())
    throw new Error(
      'docs/journeys-reference.md is not what the schemas say: run "npm run build && node scripts/journeys-reference.mjs"',
    );
});

it("links to sections that are there", () => {
  const text = journeysReference();
  const sections = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!.toLowerCase().replaceAll(" ", "-"),
  );
  const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor!);
  expect(links.filter((anchor) => !sections.includes(anchor))).toEqual([]);
});

/** The contract of each kind of file. */
const CONTRACTS: Readonly<Record<keyof typeof FOLDERS, string>> = {
  Journey: "journey.v1",
  Catalogue: "catalogue.v1",
  PolicyPack: "policy-pack.v1",
  Events: "event-vocabulary.v1",
  Signals: "signals.v1",
  Model: "model.v1",
  Table: "table.v1",
  Experiment: "experiment.v1",
  Fairness: "fairness.v1",
};

it.each(Object.values(CONTRACTS))("explains every field of %s", (contract) => {
  const silent: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== "object" || node === null) return;
    const fields = "properties" in node ? (node.properties as Record<string, Record<string, unknown>>) : {};
    for (const [name, field] of Object.entries(fields))
      if (!("description" in field) && !("const" in field) && !("$ref" in field))
        silent.push(`${path}/${name}`);
    for (const [name, child] of Object.entries(node)) visit(child, `${path}/${name}`);
  };
  visit(contractJsonSchema(contract), "");
  expect(PUBLISHED_CONTRACTS[contract]).toBeDefined();
  expect(silent).toEqual([]);
});

const shipped = Object.entries(FOLDERS).flatMap(([kind, folder]) =>
  readdirSync(join(process.cwd(), folder))
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => [`${folder}/${name}`, CONTRACTS[kind as keyof typeof FOLDERS], folder] as const),
);

it.each(shipped)("%s tells editors its schema, and so does the workspace", (file, contract, folder) => {
  expect(read(file).split("\n")[0]).toBe(
    `# yaml-language-server: $schema=../docs/contracts/${contract}.json`,
  );
  const settings = JSON.parse(read(".vscode", "settings.json")) as {
    "yaml.schemas": Record<string, string | string[]>;
  };
  expect([settings["yaml.schemas"][`./docs/contracts/${contract}.json`]].flat()).toContain(
    `${folder}/*.yaml`,
  );
});
