/** `segue simulate`: what a new version of a journey would change, before anybody hears of it. */
import { createReadStream, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import type { JourneyDefinition } from "#contracts";
import {
  DefinitionError,
  loadDefinitions,
  loadJourneys,
  readSurroundings,
  validateJourney,
} from "#definitions";
import { connectNats } from "#messaging";
import {
  collectEvents,
  compareVersions,
  FileUnusable,
  newestVersions,
  readGate,
  readLiveJourneys,
  readNdjson,
  readRecordedEvents,
  readResponses,
  reportHtml,
  reportOf,
  reportText,
  type RecordedEvents,
} from "#simulation";
import { readBerkaEvents } from "../berka/index.js";
import type { Command } from "../command.js";
import { HELP, parseSimulateArgs, UsageError, type SimulateOptions } from "./simulate-options.js";

export const simulateCommand: Command = {
  summary: "what a new version of a journey would change, over recorded events; refuses what breaks a limit",
  help: HELP,
  run,
};

interface Recorded {
  readonly recorded: RecordedEvents;
  /** In words. */
  readonly source: string;
  /** Where the installation itself says what is published. */
  readonly live?: readonly JourneyDefinition[];
}

/** Answers the exit status: 0 every limit is kept, 1 a limit is broken or it cannot be simulated, 2 wrong arguments. */
async function run(args: readonly string[]): Promise<number> {
  let options: SimulateOptions;
  try {
    const parsed = parseSimulateArgs(args, Date.now());
    if (parsed === "help") {
      process.stdout.write(HELP);
      return 0;
    }
    options = parsed;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`segue simulate: ${error.message}\n\n${HELP}`);
    return 2;
  }
  try {
    return await simulate(options);
  } catch (error) {
    process.stderr.write(`segue simulate: ${(error as Error).message}\n`);
    return 1;
  }
}

async function simulate(options: SimulateOptions): Promise<number> {
  const candidate = readJourney(options.journey, options.definitions);
  const gate = options.gate === undefined ? undefined : readGate(options.gate);
  const responses = options.responses === undefined ? undefined : readResponses(options.responses);
  const { recorded, source, live } = await readRecorded(options);
  if (recorded.events === 0)
    throw new Error(
      `there are no events to simulate (${source})${recorded.problems.map((p) => `\n  ${p}`).join("")}${source.startsWith("stream") ? ": --since and --until choose another time" : ""}`,
    );
  const definitions = loadDefinitions(options.definitions);
  const published = options.published === undefined ? definitions.journeys : loadJourneys(options.published);
  const installation = {
    journeys: newestVersions(live ?? withoutCandidateFile(published, candidate)),
    catalogue: definitions.catalogue,
    policyPacks: definitions.policyPacks,
    signals: definitions.signals,
  };
  const began = performance.now();
  const result = compareVersions({ installation, candidate, recorded, responses, afterMs: options.afterMs });
  const ms = performance.now() - began;
  const report = reportOf(result, gate, source);
  if (options.html !== undefined) writeFileSync(options.html, reportHtml(report));
  if (options.json) {
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  } else {
    const colour = process.stdout.isTTY;
    process.stdout.write(reportText(report, (format, text) => (colour ? styleText(format, text) : text)));
    const rate = Math.round((2 * recorded.events) / (ms / 1_000));
    process.stdout.write(
      `\n${rate.toLocaleString("en-US")} events per second (${recorded.events.toLocaleString("en-US")} events, both versions, ${(ms / 1_000).toFixed(2)} s)\n`,
    );
    if (options.html !== undefined) process.stdout.write(`the page is in ${options.html}\n`);
  }
  return report.passes ? 0 : 1;
}

/** What stands under the candidate's own number is the candidate: it is compared with the version before it. */
function withoutCandidateFile(
  published: readonly JourneyDefinition[],
  candidate: JourneyDefinition,
): readonly JourneyDefinition[] {
  const older = published.filter((j) => j.id !== candidate.id || j.version < candidate.version);
  return older.some((j) => j.id === candidate.id) ? older : published;
}

/** Checked as `segue validate` does. Throws DefinitionError. */
function readJourney(file: string, definitions: string): JourneyDefinition {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new FileUnusable(
      (error as NodeJS.ErrnoException).code === "ENOENT"
        ? `there is no file ${JSON.stringify(file)}`
        : `${file}: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const { journey, problems } = validateJourney({ name: file, text }, readSurroundings(definitions));
  if (!journey) throw new DefinitionError(problems);
  return journey;
}

async function readRecorded({ source, maxEvents }: SimulateOptions): Promise<Recorded> {
  switch (source.from) {
    case "berka": {
      const dir = fileURLToPath(new URL("../../../../../data/berka", import.meta.url));
      const events = readBerkaEvents({ dir, from: source.first, to: source.end });
      return {
        recorded: collectEvents(events, maxEvents),
        source: `Berka transactions, ${source.first} to ${source.end}; registrations, opt-outs and failed payments are made up`,
      };
    }
    case "file": {
      const input = source.path === "-" ? process.stdin : createReadStream(source.path, "utf8");
      const recorded = await readNdjson(createInterface({ input, crlfDelay: Infinity }), maxEvents);
      return { recorded, source: source.path === "-" ? "standard input" : source.path };
    }
    case "stream": {
      const nc = await connectNats({ url: source.nats, name: "segue simulate", waitOnFirstConnect: false });
      try {
        const { since, until } = source;
        return {
          recorded: await readRecordedEvents(nc, { since, until, limit: maxEvents }),
          source: `stream EVT, stored ${new Date(since).toISOString()} to ${new Date(until).toISOString()}`,
          live: await readLiveJourneys(nc),
        };
      } finally {
        await nc.close();
      }
    }
  }
}
