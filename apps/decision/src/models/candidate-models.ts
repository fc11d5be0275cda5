/** What the models say of a decision's candidates. */
import type { DecisionRequest } from "#contracts";
import {
  askedOutside,
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
  of(
    request: DecisionRequest,
    catalogue: Catalogue,
  ): Propensities | undefined | Promise<Propensities | undefined> {
    const outside =
      this.own.size > 0 ? askedOutside(request, catalogue, (model) => this.own.has(model)) : undefined;
    return outside
      ? this.#withOwn(request, catalogue, outside)
      : propensitiesOf(request, catalogue, this.live, this.expressions);
  }

  async #withOwn(
    request: DecisionRequest,
    catalogue: Catalogue,
    outside: ReadonlyMap<string, readonly Asked[]>,
  ): Promise<Propensities | undefined> {
    const answers = await Promise.all(
      [...outside].map(async ([id, asked]): Promise<[string, OwnAnswer]> => {
        const features = featuresOf(this.live.get(id)!.definition, request, this.expressions);
        return [id, await this.own.get(id)!.ask(features, asked)];
      }),
    );
    return propensitiesOf(request, catalogue, this.live, this.expressions, new Map(answers));
  }
}
