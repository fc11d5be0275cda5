import { Module, type DynamicModule } from "@nestjs/common";
import { Evaluator } from "./evaluator.js";
import { Gatekeeper } from "./gatekeeper.js";
import { PolicyController } from "./policy.controller.js";

export interface PolicyParts {
  readonly evaluator: Evaluator;
  readonly gatekeeper: Gatekeeper;
}

@Module({})
export class PolicyModule {
  static with(parts: PolicyParts): DynamicModule {
    return {
      module: PolicyModule,
      controllers: [PolicyController],
      providers: [
        { provide: Evaluator, useValue: parts.evaluator },
        { provide: Gatekeeper, useValue: parts.gatekeeper },
      ],
    };
  }
}
