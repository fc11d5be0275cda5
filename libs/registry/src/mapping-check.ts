/** Whether an instance that stands at a step of one version can go on at the mapped step of another (I10). */
import type { JourneyDefinition } from "#contracts";

/** What is wrong with a mapping, one line each; empty when nothing is. Steps that are not named stay behind. */
export function checkMapping(
  from: JourneyDefinition,
  to: JourneyDefinition,
  steps: Readonly<Record<string, string>>,
): readonly string[] {
  const problems: string[] = [];
  if (from.version === to.version) problems.push(`version ${from.version} is mapped to itself`);
  if (Object.keys(steps).length === 0) problems.push("no step is mapped: nobody would be moved");
  for (const [a, b] of Object.entries(steps)) {
    const before = from.steps.find((s) => s.id === a);
    const after = to.steps.find((s) => s.id === b);
    if (!before) problems.push(`version ${from.version} has no step ${JSON.stringify(a)}`);
    if (!after) problems.push(`version ${to.version} has no step ${JSON.stringify(b)}`);
    if (before && after && before.type !== after.type)
      problems.push(
        `${a} is a ${before.type} step and ${b} a ${after.type} step: an instance could not go on there`,
      );
  }
  return problems;
}
