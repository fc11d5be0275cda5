import { Module, type DynamicModule } from "@nestjs/common";
import type { Logger } from "#telemetry";
import type { ActorConfig } from "./config.js";
import { ContextActorService } from "./context-actor.lifecycle.js";

@Module({})
export class ActorModule {
  static of(config: ActorConfig, log: Logger): DynamicModule {
    return {
      module: ActorModule,
      providers: [{ provide: ContextActorService, useFactory: () => new ContextActorService(config, log) }],
    };
  }
}
