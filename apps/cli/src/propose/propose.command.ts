/** `segue propose`: hands in a version for somebody else to publish. */
import { readFileSync } from "node:fs";
import { formatProblem, validateJourney, validatePublication, type Problem } from "#definitions";
import { governanceCommand, UsageError } from "../governance/governance-command.js";
import { publicationsOf } from "../governance/publications.js";

export const proposeCommand = governanceCommand({
  name: "propose",
  summary: "hand in a version of a journey, catalogue or policy pack, for somebody else to publish",
  checks: true,
  usage: ["<file.yaml>"],
  text: `
Checks the file and stores it as a proposal. Nothing happens by it before somebody else has published it
(segue publish). A proposal may be replaced by proposing the file again; a published version never changes. A catalogue
or policy pack is checked among the definitions of the folder, in place of the file that has its id there.`,
  async act({ registry, nc, clock, definitions, around, who, positionals }) {
    const [file] = positionals;
    if (positionals.length !== 1 || file === undefined) throw new UsageError("name one file");
    const source = { name: file, text: readFileSync(file, "utf8") };
    if (isPublication(source.text)) {
      const { definition, problems, warnings } = validatePublication(definitions, source);
      if (!definition) return invalid(file, problems.map(formatProblem));
      warn(warnings);
      const { catalogue, policy } = publicationsOf(nc, clock, definitions);
      return definition.kind === "Catalogue"
        ? catalogue.propose(definition, who)
        : policy.propose(definition, who);
    }
    const { journey, problems, warnings } = validateJourney(source, around());
    if (journey) warn(warnings);
    return journey ? registry.propose(journey, who) : invalid(file, problems.map(formatProblem));
  },
  told: ({ record: { journey, change, by } }) =>
    change.kind === "proposed"
      ? `${journey} version ${change.version} is proposed by ${by}. Somebody else makes it live: segue publish ${journey} --version ${change.version}`
      : "",
});

/** A proposal may have them, and its author should know before somebody else reads it. */
function warn(warnings: readonly Problem[]): void {
  for (const warning of warnings) process.stderr.write(`warning: ${formatProblem(warning)}\n`);
}

/** A file that does not say what it is, is taken for a journey. */
function isPublication(text: string): boolean {
  return /(?:^|[{,])\s*["']?kind["']?\s*:\s*["']?(Catalogue|PolicyPack)\b/m.test(text);
}

function invalid(
  file: string,
  problems: readonly string[],
): { kind: "refused"; code: "invalid_definition"; detail: string; problems: readonly string[] } {
  return {
    kind: "refused",
    code: "invalid_definition",
    detail: `${file} does not pass the checks`,
    problems,
  };
}
