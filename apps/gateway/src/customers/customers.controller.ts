import { Controller, Get, Inject, Param, Query } from "@nestjs/common";
import type { CustomerView, Timeline } from "#contracts";
import { customerIdOf } from "../http-request.js";
import { ProblemError } from "../problem.js";
import { CustomerReader } from "./customer-reader.store.js";
import { timelineItem } from "./readable.js";

export const TIMELINE_LIMIT = { default: 20, max: 200 } as const;

@Controller("v1/customers/:id")
export class CustomersController {
  constructor(@Inject(CustomerReader) private readonly reader: CustomerReader) {}

  @Get()
  async customer(@Param("id") id: string): Promise<CustomerView> {
    const context = await this.reader.context(customerIdOf(id));
    if (!context) throw unknownCustomer();
    // The outbox and the hashes of seen events serve the actor alone, protected attributes monitoring alone.
    const {
      outbox: _outbox,
      seen: _seen,
      outcomesUpTo: _outcomesUpTo,
      monitoring: _groups,
      ...view
    } = context;
    return view;
  }

  /** Newest first; `before` is the `next` of the page before. */
  @Get("timeline")
  async timeline(
    @Param("id") id: string,
    @Query("limit") limit?: string,
    @Query("before") before?: string,
  ): Promise<Timeline> {
    const customerId = customerIdOf(id);
    const size = wholeNumber("limit", limit, TIMELINE_LIMIT.default);
    if (size > TIMELINE_LIMIT.max)
      throw new ProblemError("invalid-request", `limit is at most ${TIMELINE_LIMIT.max}.`);
    const page = await this.reader.steps(customerId, size, wholeNumber("before", before, Infinity));
    if (page.records.length === 0 && before === undefined && !(await this.reader.context(customerId)))
      throw unknownCustomer();
    const last = page.records.at(-1);
    return {
      customerId,
      items: page.records.map(timelineItem),
      ...(page.hasMore && last ? { next: last.n } : {}),
    };
  }
}

function unknownCustomer(): ProblemError {
  return new ProblemError("customer-not-found", "No event of this customer has been applied.");
}

function wholeNumber(name: string, text: unknown, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (typeof text !== "string" || !/^[1-9]\d{0,14}$/.test(text)) {
    throw new ProblemError("invalid-request", `${name} must be a whole number from 1.`);
  }
  return Number(text);
}
