/** `segue propose`: hands in a version for somebody else to publish. */
import { readFileSync } from "node:fs";
import { formatProblem, validateJourney } from "#definitions";
import { governanceCommand, UsageError } from "../governance/governance-command.js";

export const proposeCommand = governanceCommand({
  name: "propose",
  summary: "hand in a version of a journey, for somebody else to publish",
  checks: true,
  usage: ["<file.yaml>"],
  text: `
Checks the file and stores it as a proposal. Nobody enters it before somebody else has published it
(segue publish). A proposal may be replaced by proposing the file again; a published version never changes.`,
  async act({ registry, around, who, positionals }) {
    const [file] = positionals;
    if (positionals.length !== 1 || file === undefined) throw new UsageError("name one file");
    const { journey, problems } = validateJourney({ name: file, text: readFileSync(file, "utf8") }, around());
    if (!journey)
      return {
        kind: "refused",
        code: "invalid_definition",
        detail: `${file} does not pass the checks`,
        problems: problems.map(formatProblem),
      };
    return registry.propose(journey, who);
  },
  told: ({ record: { journey, change, by } }) =>
    change.kind === "proposed"
      ? `${journey} version ${change.version} is proposed by ${by}. Somebody else makes it live: segue publish ${journey} --version ${change.version}`
      : "",
});
