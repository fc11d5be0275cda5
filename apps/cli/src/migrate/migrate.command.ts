/** `segue migrate`: moves running instances to another version. */
import { governanceCommand, journeyOf, UsageError, wholeNumber } from "../governance/governance-command.js";

export const migrateCommand = governanceCommand({
  name: "migrate",
  summary: "move running instances of a journey to another version, over a checked mapping of steps",
  usage: ["<journey> --from-version <n> --to-version <n> --step <old>=<new> …"],
  text: `
An instance that stands at a step of the old version goes on at the mapped step of the new one, with its next event or
timer; its open wait keeps its due time (I10). Instances at steps that are not named stay in their version. The mapping
is checked: both steps must be there and of one kind, and both versions published.`,
  options: {
    "from-version": { type: "string" },
    "to-version": { type: "string" },
    step: { type: "string", multiple: true },
  },
  optionsText: `  --from-version <n>   version that the instances run now
  --to-version <n>     version to move them to
  --step <old>=<new>   one step of the mapping; may be repeated (old and new may be the same)
`,
  act(call) {
    const pairs = call.options("step").map((text) => {
      const [before, after, ...rest] = text.split("=");
      if (!before || !after || rest.length > 0)
        throw new UsageError(`--step ${text}: write <old>=<new>, e.g. --step wait-for-card=wait`);
      return [before, after] as const;
    });
    const migration = {
      from: wholeNumber(call.option("from-version"), "--from-version"),
      to: wholeNumber(call.option("to-version"), "--to-version"),
      steps: Object.fromEntries(pairs),
    };
    if (Object.keys(migration.steps).length < pairs.length)
      throw new UsageError("a step is mapped twice: name each old step once");
    return call.registry.migrate(journeyOf(call), migration, call.who);
  },
  told: ({ record: { journey, change } }) =>
    change.kind === "migrated"
      ? `${journey}: instances of version ${change.migration.from} at ${Object.keys(change.migration.steps).join(", ")} go on in version ${change.migration.to}`
      : "",
});
