import { Module, type DynamicModule } from "@nestjs/common";
import type { Logger } from "#telemetry";
import { DecideResponder, LOGGER } from "./decide.responder.js";
import { DecisionMaker } from "./decision-maker.js";

@Module({})
export class DecisionModule {
  static with(maker: DecisionMaker, log: Logger): DynamicModule {
    return {
      module: DecisionModule,
      controllers: [DecideResponder],
      providers: [
        { provide: DecisionMaker, useValue: maker },
        { provide: LOGGER, useValue: log },
      ],
    };
  }
}
