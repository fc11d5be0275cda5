/**
 * Stands before the provider of `execute` and lets a card payment be tried again only within the limits of its scheme, through
 * another acquirer than before. Here and nowhere else: this is the last place before the acquirer that every retry passes,
 * whoever ordered it. Orders of other operations pass untouched.
 */
import { z } from "zod";
import type { ChannelProvider, Reports, SendOrder, SendResult } from "../provider.port.js";
import type { CardTries, DeclinedPayment } from "./card-tries.store.js";

export const CARD_RETRY = "card.payment.retry";

const paymentV1 = z.object({
  paymentId: z.string().min(1),
  cardId: z.string().min(1),
  amountMinor: z.number(),
  currency: z.string(),
  scheme: z.enum(["visa", "mastercard"]),
  responseCode: z.string(),
  adviceCode: z.string().optional(),
  acquirer: z.string().optional(),
});
const parametersV1 = z.object({ acquirers: z.array(z.string().min(1)).min(1) });
const answerV1 = z.object({ responseCode: z.string(), adviceCode: z.string().optional() });

export class LimitedRetryProvider implements ChannelProvider {
  readonly name: string;
  /** Whatever stands behind: the ledger of tries is asked in the wall's time, also in a fast replay. */
  readonly time = "wall";

  constructor(
    readonly inner: ChannelProvider,
    readonly tries: CardTries,
  ) {
    this.name = inner.name;
  }

  async send(order: SendOrder, reports: Reports): Promise<SendResult> {
    const { command, at } = order;
    if (command.parameters["operation"] !== CARD_RETRY) return this.inner.send(order, reports);
    const data = paymentV1.safeParse(command.event.data);
    const parameters = parametersV1.safeParse(command.parameters);
    // Without the scheme's rules nobody can say that one more try is allowed.
    if (!data.success) return refused("card_data_missing");
    if (!parameters.success) return refused("no_other_acquirer");
    const payment: DeclinedPayment = { ...data.data, at: command.event.time };
    const id = `${order.commandId}:${order.attempt}`;
    const claim = await this.tries
      .claim(payment, id, at, parameters.data.acquirers)
      // Nothing has been sent: not knowing the tries so far, none is made.
      .catch(() => undefined);
    if (claim === undefined) return refused("retry_ledger_unavailable");
    if (claim.kind === "refused") return refused(claim.reason);
    const through = {
      ...order,
      command: { ...command, parameters: { ...command.parameters, acquirer: claim.acquirer } },
    };
    const result = await this.inner.send(through, reports);
    const decline = result.status === "rejected" ? answerV1.safeParse(result.result) : undefined;
    if (decline?.success) await this.tries.declined(payment, decline.data, at + result.afterMs);
    return result;
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

function refused(reason: string): SendResult {
  return { status: "rejected", reason, afterMs: 0 };
}
