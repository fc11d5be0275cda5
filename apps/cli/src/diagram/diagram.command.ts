/** `segue diagram`: a journey as a picture, Mermaid on stdout or SVG in a file. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { didYouMean, mermaidOf, readJourneys, svgOf, validateJourney } from "#definitions";
import type { JourneyDefinition } from "#contracts";
import type { Command } from "../command.js";
import { findingsText } from "../validate/findings.js";

const HELP = `segue diagram <file | journey id> [options]

  Draws a journey: its steps with what they say and on which channels, waits with their limits, and every way out.
  Writes Mermaid to stdout (Markdown shows it within a \`\`\`mermaid block), or an SVG picture to a file. An id means the
  newest version in journeys/; <id>@<version> another one. The same journey always gives the same picture.

  --svg <file>          write an SVG picture instead
  --definitions <dir>   the folder that holds journeys/ (default: this one)
  --json                {"journey", "version", "mermaid", "svg"} as one JSON document
  --help                this text

  Exit status: 0 drawn, 1 the journey has errors, 2 not understood or not found.
`;

export const diagramCommand: Command = {
  summary: "draw a journey, as Mermaid or SVG",
  help: HELP,
  run: (args) => Promise.resolve(run(args)),
};

function run(args: readonly string[]): number {
  let values;
  let what: string | undefined;
  try {
    const parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        svg: { type: "string" },
        definitions: { type: "string", default: "." },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    values = parsed.values;
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    if (parsed.positionals.length !== 1) throw new Error("say which journey: a file or an id");
    what = parsed.positionals[0]!;
  } catch (error) {
    process.stderr.write(`segue diagram: ${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  const found = existsSync(what) ? fromFile(what) : fromFolder(what, values.definitions);
  if (found.kind === "refused") {
    process.stderr.write(found.text);
    return found.status;
  }
  const { journey } = found;
  if (values.json) {
    const { id, version } = journey;
    process.stdout.write(
      `${JSON.stringify({ journey: id, version, mermaid: mermaidOf(journey), svg: svgOf(journey) })}\n`,
    );
  } else if (values.svg === undefined) {
    process.stdout.write(mermaidOf(journey));
  } else {
    writeFileSync(values.svg, svgOf(journey));
    process.stdout.write(`${journey.id} version ${journey.version} is drawn in ${values.svg}\n`);
  }
  return 0;
}

type Found =
  | { readonly kind: "found"; readonly journey: JourneyDefinition }
  | { readonly kind: "refused"; readonly status: 1 | 2; readonly text: string };

/** A journey of a file; what it refers to outside of itself does not matter for drawing it. */
function fromFile(path: string): Found {
  const text = readFileSync(path, "utf8");
  const { journey, problems } = validateJourney({ name: path, text }, {});
  if (journey) return { kind: "found", journey };
  const told = findingsText(
    { problems, warnings: [] },
    { terminal: process.stderr.isTTY === true, nameOf: (file) => file, textOf: () => text },
  );
  return { kind: "refused", status: 1, text: told };
}

function fromFolder(what: string, dir: string): Found {
  const [id = "", version] = what.split("@");
  const journeys = readJourneys(dir);
  const same = journeys.filter(
    (j) => j.id === id && (version === undefined || String(j.version) === version),
  );
  const journey = same.sort((a, b) => b.version - a.version)[0];
  if (journey) return { kind: "found", journey };
  const meant = didYouMean(
    what,
    journeys.map((j) => j.id),
  );
  return {
    kind: "refused",
    status: 2,
    text: `segue diagram: there is no file ${JSON.stringify(what)}, and no valid journey of that id in ${dir}/journeys${meant ? `; ${meant}` : ""}\n`,
  };
}
