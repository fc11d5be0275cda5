/** `segue models`: what adaptive models have learned, how well they do, and whether it comes out again. */
import { parseArgs, styleText } from "node:util";
import type { NatsConnection } from "@nats-io/nats-core";
import type { ModelDefinition } from "#contracts";
import { createExpressions, didYouMean, loadModels } from "#definitions";
import { performanceOf, together } from "#domain";
import { digestOf, ModelStore, replayModel } from "#learning";
import type { Command } from "../command.js";
import { commonOptions, runWithNats, write, writeJson, WrongArguments } from "../audit/with-nats.js";
import { armLines, listText, modelLines, reportOf } from "./model-text.js";

const HELP = `segue models [list]          [--json] [--nats <url>] [--definitions <folder>]
segue models show <model>    [--json] [--nats <url>] [--definitions <folder>]
segue models replay <model>  [--json] [--nats <url>] [--definitions <folder>]

  list     Every model: orders that it learned from, successes, and how well it foretold them, each before it was learned.
  show     One model, action by action and channel by channel: calibration, what matters most, drift.
  replay   Learns everything again from the audit, in memory, and compares with what is stored, byte for byte. Ends with
           exit status 1 when something differs. The system may run meanwhile.

  AUC          chance that a success was given the higher propensity than another outcome; 0.5 knows nothing
  log-loss     the lower the better; beside it that of a forecast that knows nothing but the rate so far
  calibration  mean distance of what was foretold and what came

  --definitions <folder>   default .
  --json                   one JSON document
  --nats <url>             default nats://127.0.0.1:4222
`;

export const modelsCommand: Command = {
  summary: "what adaptive models have learned, and how well they do",
  help: HELP,
  run: (args) =>
    runWithNats("models", HELP, () => {
      const { values, positionals } = parseArgs({
        args: [...args],
        allowPositionals: true,
        options: { ...commonOptions, definitions: { type: "string", default: "." } },
      });
      if (values.help) return "help";
      const [what = "list", id, ...rest] = positionals;
      const { nats, json } = values;
      const definitions = loadModels(values.definitions);
      if (what === "list" && id === undefined) return { nats, run: (nc) => list(nc, definitions, json) };
      if ((what !== "show" && what !== "replay") || id === undefined || rest.length > 0)
        throw new WrongArguments("say list, show <model> or replay <model>");
      const definition = definitions.find((d) => d.id === id);
      if (!definition) {
        const ids = definitions.map((d) => d.id);
        throw new WrongArguments(
          `there is no model ${JSON.stringify(id)} in ${values.definitions}/models; ${didYouMean(id, ids) ?? `there are ${ids.join(", ") || "none"}`}`,
        );
      }
      const run = what === "show" ? show : replay;
      return { nats, run: (nc) => run(nc, definition, json) };
    }),
};

async function list(
  nc: NatsConnection,
  definitions: readonly ModelDefinition[],
  json: boolean,
): Promise<number> {
  const reports = [];
  for (const definition of definitions) {
    const store = await ModelStore.read(nc, definition);
    const performance = performanceOf(together(store.arms.map((a) => a.watch)));
    const drifts = store.arms.reduce((n, arm) => n + arm.state.drift.found.length, 0);
    reports.push({
      id: definition.id,
      version: definition.version,
      arms: store.arms.length,
      drifts,
      ...performance,
    });
  }
  if (json) await writeJson({ models: reports });
  else if (reports.length === 0) await write("there are no models\n");
  else await write(`${listText(reports)}\n`);
  return 0;
}

async function show(nc: NatsConnection, definition: ModelDefinition, json: boolean): Promise<number> {
  const store = await ModelStore.read(nc, definition);
  const arms = [...store.arms].sort((a, b) => b.learned - a.learned);
  if (json) {
    const { id, version } = definition;
    await writeJson({
      model: id,
      version,
      position: store.position,
      arms: arms.map((arm) => ({ ...reportOf(arm), digest: digestOf(arm) })),
    });
    return 0;
  }
  await write([...modelLines(definition, store.position, arms), ...arms.flatMap(armLines)].join("\n") + "\n");
  return 0;
}

async function replay(nc: NatsConnection, definition: ModelDefinition, json: boolean): Promise<number> {
  const store = await ModelStore.read(nc, definition);
  const arms = await replayModel(nc, definition, store, createExpressions());
  const same = arms.every((a) => a.same);
  if (json) await writeJson({ model: definition.id, same, arms });
  else {
    for (const { action, channel, learned, stored, computed, same: alike } of arms)
      await write(
        `${alike ? styleText("green", "same     ") : styleText("red", "different")} ${action} on ${channel}: ${learned} learned, ${stored}${alike ? "" : `, computed ${computed || "nothing"}`}\n`,
      );
    await write(
      arms.length === 0
        ? `${definition.id} has learned nothing yet\n`
        : same
          ? `learned again from the audit, and the same\n`
          : `what is stored does not follow from the audit as this definition reads it\n`,
    );
  }
  return same ? 0 : 1;
}
