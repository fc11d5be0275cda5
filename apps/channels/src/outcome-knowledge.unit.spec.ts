import type { Command } from "#contracts";
import { OutcomeKnowledge } from "./outcome-knowledge.js";

const command = (n: number, outcomesUpTo?: number): Command =>
  ({ customerId: "c", commandId: `c.${n}.0.c`, outcomesUpTo }) as Command;

describe("what is known of a customer's outcomes", () => {
  it("is nothing when the command does not say", () => {
    expect(new OutcomeKnowledge().lastBefore(command(1))).toBeUndefined();
  });

  it("is what the command says as long as this process wrote nothing later", () => {
    const known = new OutcomeKnowledge();
    expect(known.lastBefore(command(1, 0))).toBe(0);
    known.wrote(command(1, 0), 0, 10);
    expect(known.lastBefore(command(2, 15))).toBe(15);
  });

  it("is the end of an unbroken run of own outcomes that began at or before what the command says", () => {
    const known = new OutcomeKnowledge();
    known.wrote(command(1, 5), 5, 10);
    known.wrote(command(2, 5), 10, 12);
    expect(known.lastBefore(command(3, 5))).toBe(12);
    expect(known.lastBefore(command(3, 11))).toBe(12);
    // Something before the run is not known.
    expect(known.lastBefore(command(3, 4))).toBeUndefined();
  });

  it("does not include a command that ended in the run itself (I8)", () => {
    const known = new OutcomeKnowledge();
    known.wrote(command(1, 5), 5, 10);
    expect(known.lastBefore(command(1, 5))).toBeUndefined();
  });

  it("starts a new run where another writer came between", () => {
    const known = new OutcomeKnowledge();
    known.wrote(command(1, 5), 5, 10);
    known.wrote(command(2, 11), 11, 13);
    expect(known.lastBefore(command(3, 5))).toBeUndefined();
    expect(known.lastBefore(command(3, 11))).toBe(13);
  });
});
