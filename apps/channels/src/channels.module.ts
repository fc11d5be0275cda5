import { Module, type DynamicModule } from "@nestjs/common";
import { CommandController } from "./command.controller.js";
import { CommandDelivery } from "./command-delivery.js";
import { CommandPipe } from "./command.pipe.js";

@Module({})
export class ChannelsModule {
  static with(delivery: CommandDelivery): DynamicModule {
    return {
      module: ChannelsModule,
      controllers: [CommandController],
      providers: [CommandPipe, { provide: CommandDelivery, useValue: delivery }],
    };
  }
}
