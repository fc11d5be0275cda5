import { Module, type DynamicModule } from "@nestjs/common";
import type { Timed } from "#registry";
import { JUDGES, PolicyController, type Judges } from "./policy.controller.js";

@Module({})
export class PolicyModule {
  /** `judges`: those that judge by the packs in force at a time. */
  static with(judges: Timed<Judges>): DynamicModule {
    return {
      module: PolicyModule,
      controllers: [PolicyController],
      providers: [{ provide: JUDGES, useValue: judges }],
    };
  }
}
