import { z } from "zod";
import type { ModelDefinition } from "#contracts";
import type { Asked, Features } from "#domain";
import { UnusableAnswer } from "./guarded-model.js";
import { OwnModel, type OwnPropensities } from "./own-model.port.js";

const answerV1 = z.object({
  version: z.number().int().nonnegative().default(0),
  propensities: z.record(z.string(), z.number().min(0).max(1)),
});

/**
 * A model behind HTTP: `POST {model, version, features, candidates: [{action, channel}]}`, answered with
 * `{version?, propensities: {<action>: 0..1}}`. Neither customer nor event is told, only the declared features.
 */
export class HttpModelAdapter extends OwnModel {
  constructor(
    private readonly url: string,
    private readonly definition: Pick<ModelDefinition, "id" | "version">,
  ) {
    super();
  }

  override async ask(
    features: Features,
    asked: readonly Asked[],
    signal: AbortSignal,
  ): Promise<OwnPropensities> {
    const { id, version } = this.definition;
    const candidates = asked.map(({ action, channel }) => ({ action: action.id, channel }));
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: id, version, features, candidates }),
      signal,
    });
    if (!response.ok) throw new Error(`${this.url} answered ${response.status}`);
    const read = answerV1.safeParse(await response.json().catch(() => undefined));
    if (!read.success)
      throw new UnusableAnswer(`${this.url} answered something else than {propensities: {<action>: 0..1}}`);
    return { version: read.data.version, p: new Map(Object.entries(read.data.propensities)) };
  }
}
