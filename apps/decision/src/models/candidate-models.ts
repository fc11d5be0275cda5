/** What the models say of a decision's candidates. */
import type { DecisionRequest } from "#contracts";
import {
  askedOf,
  featuresOf,
  propensitiesOf,
  type Asked,
  type Catalogue,
  type Expressions,
  type LiveModels,
  type OwnAnswer,
  type Propensities,
} from "#domain";
import type { GuardedModel } from "./guarded-model.js";

export class CandidateModels {
  constructor(
    private readonly live: LiveModels,
    /** Models of the bank's own, by id. */
    private readonly own: ReadonlyMap<string, GuardedModel>,
    private readonly expressions: Expressions,
  ) {}

  /** `undefined` when no candidate has a model. At once, unless a model of the bank's own is asked. Never throws or rejects. */
  of(request: DecisionRequest, catalogue: Catalogue): Propensities | undefined | Promise<Propensities> {
    const asked = askedOf(request, catalogue);
    if (!asked) return undefined;
    const outside = [...asked].flatMap(([id, candidates]) => {
      const model = this.own.get(id);
      return model ? [{ id, candidates, model }] : [];
    });
    if (outside.length === 0) return propensitiesOf(request, asked, this.live, this.expressions);
    return this.#withOwn(request, asked, outside);
  }

  async #withOwn(
    request: DecisionRequest,
    asked: ReadonlyMap<string, readonly Asked[]>,
    outside: readonly {
      readonly id: string;
      readonly candidates: readonly Asked[];
      readonly model: GuardedModel;
    }[],
  ): Promise<Propensities> {
    const answers = await Promise.all(
      outside.map(async ({ id, candidates, model }): Promise<[string, OwnAnswer]> => {
        const definition = this.live.get(id)?.definition;
        const features = definition ? featuresOf(definition, request, this.expressions) : {};
        return [id, await model.ask(features, candidates)];
      }),
    );
    return propensitiesOf(request, asked, this.live, this.expressions, new Map(answers));
  }
}
