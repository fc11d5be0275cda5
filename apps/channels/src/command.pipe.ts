import { Injectable, type PipeTransform } from "@nestjs/common";
import { commandV1, type Command } from "#contracts";
import { TerminalFault } from "#messaging";

/** Parses a command; what is not one goes to DLQ. */
@Injectable()
export class CommandPipe implements PipeTransform<unknown, Command> {
  transform(value: unknown): Command {
    const parsed = commandV1.safeParse(value);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new TerminalFault(
        "invalid_data",
        `not a command: ${issue?.path.join(".") || "(root)"}: ${issue?.message}`,
        { cause: parsed.error },
      );
    }
    if (!parsed.data.plan[parsed.data.attempt]) {
      throw new TerminalFault(
        "invalid_data",
        `not a command: attempt ${parsed.data.attempt} of a plan with ${parsed.data.plan.length} legs`,
      );
    }
    return parsed.data;
  }
}
