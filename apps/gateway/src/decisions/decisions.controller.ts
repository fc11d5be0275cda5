import { Controller, Get, Inject, Param } from "@nestjs/common";
import { sha256 } from "#audit";
import { parseDecisionId, type DecisionExplained, type DecisionView } from "#contracts";
import { CustomerReader } from "../customers/customer-reader.store.js";
import { ProblemError } from "../problem.js";
import { decisionSummary } from "./decision-summary.js";

@Controller("v1/decisions/:id")
export class DecisionsController {
  constructor(@Inject(CustomerReader) private readonly reader: CustomerReader) {}

  @Get()
  async decision(@Param("id") id: string): Promise<DecisionView> {
    const record = await this.reader.decision(customerOf(id), id);
    if (!record) throw notFound();
    return { ...record, summary: decisionSummary(record), sha256: sha256(JSON.stringify(record)) };
  }

  /** Reads the customer's whole audit: for people, not for every request. */
  @Get("explanation")
  async explanation(@Param("id") id: string): Promise<DecisionExplained> {
    customerOf(id);
    const explained = await this.reader.explained(id);
    if (!explained) throw notFound();
    return explained;
  }
}

function customerOf(id: string): string {
  const parts = parseDecisionId(id);
  if (!parts)
    throw new ProblemError("invalid-request", "A decision id has the form <customer>.<event count>.<index>.");
  return parts.customerId;
}

function notFound(): ProblemError {
  return new ProblemError("decision-not-found", "There is no record of this decision.");
}
