import { Controller } from "@nestjs/common";
import { Ctx, Payload } from "@nestjs/microservices";
import { CHANNELS, channelConsumers, parseCmd, type Command } from "#contracts";
import { TerminalFault, WorkContext, WorkHandler } from "#messaging";
import { CommandDelivery } from "./command-delivery.js";
import { CommandPipe } from "./command.pipe.js";

/** Commands of every channel that this process serves. */
@Controller()
export class CommandController {
  constructor(private readonly delivery: CommandDelivery) {}

  @WorkHandler(CHANNELS.flatMap((channel) => channelConsumers(channel)))
  async carryOut(@Payload(CommandPipe) command: Command, @Ctx() context: WorkContext): Promise<void> {
    const address = parseCmd(context.subject);
    if (address?.customerId !== command.customerId) {
      throw new TerminalFault("customer_mismatch", "the command is for another customer than its subject");
    }
    if (address.channel !== command.plan[command.attempt]?.channel) {
      throw new TerminalFault("invalid_data", `the command's leg is not for channel ${address.channel}`);
    }
    await this.delivery.carryOut(command, context);
  }
}
