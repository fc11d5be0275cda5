import { join } from "node:path";
import { durationMs, type ModelDefinition } from "#contracts";
import type { Logger } from "#telemetry";
import { GuardedModel } from "./guarded-model.js";
import { HttpModelAdapter } from "./http-model.adapter.js";
import { OnnxModelAdapter } from "./onnx-model.adapter.js";
import type { OwnModel } from "./own-model.port.js";

/** Models of the bank's own, by id. One that cannot be opened is left out and logged: its actions go by their priors. */
export async function openOwnModels(
  definitions: readonly ModelDefinition[],
  dir: string,
  log: Logger,
): Promise<ReadonlyMap<string, GuardedModel>> {
  const models = new Map<string, GuardedModel>();
  for (const definition of definitions) {
    const { id, source } = definition;
    if (!source) continue;
    let model: OwnModel;
    try {
      model =
        source.kind === "http"
          ? new HttpModelAdapter(source.url, definition)
          : await OnnxModelAdapter.open(source, join(dir, source.file));
    } catch (error) {
      log.error(
        { model: id, error: (error as Error).message },
        "a model cannot be opened: its actions go by their priors",
      );
      continue;
    }
    const onPause = (cause: Error): void =>
      log.warn(
        { model: id, error: cause.message },
        "a model fails: it is not asked for a while, priors count",
      );
    models.set(id, new GuardedModel(model, durationMs(source.deadline), onPause));
  }
  return models;
}
