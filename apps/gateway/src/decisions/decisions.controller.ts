import { Controller, Get, Inject, Param } from "@nestjs/common";
import { parseDecisionId, type DecisionView } from "#contracts";
import { CustomerReader } from "../customers/customer-reader.store.js";
import { ProblemError } from "../problem.js";
import { decisionSummary } from "./decision-summary.js";

@Controller("v1/decisions/:id")
export class DecisionsController {
  constructor(@Inject(CustomerReader) private readonly reader: CustomerReader) {}

  @Get()
  async decision(@Param("id") id: string): Promise<DecisionView> {
    const parts = parseDecisionId(id);
    if (!parts)
      throw new ProblemError(
        "invalid-request",
        "A decision id has the form <customer>.<event count>.<index>.",
      );
    const record = await this.reader.decision(parts.customerId, id);
    if (!record) throw new ProblemError("decision-not-found", "There is no record of this decision.");
    return { ...record, summary: decisionSummary(record) };
  }
}
