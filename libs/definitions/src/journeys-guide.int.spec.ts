/** What docs/journeys.md shows is what a reader copies. */
import { readFileSync } from "node:fs";
import { formatProblem } from "./definition-error.js";
import { readSurroundings, validateJourney } from "./index.js";

const guide = readFileSync("docs/journeys.md", "utf8");
const examples = [...guide.matchAll(/^```yaml\n(kind: Journey\n[^]*?)^```$/gm)].map((m) => m[1]!);

it("has a journey as an example", () => {
  expect(examples.length).toBeGreaterThan(0);
});

it.each(examples)("shows a journey without errors or warnings", (text) => {
  const { problems, warnings } = validateJourney(
    { name: "docs/journeys.md", text },
    readSurroundings(process.cwd()),
  );
  expect([...problems, ...warnings].map(formatProblem)).toEqual([]);
});
