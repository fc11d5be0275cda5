/** A policy gate for tests: speaks the contract over NATS, and claims each attempt for one delivery as the real one does. */
import type { NatsConnection, Subscription } from "@nats-io/nats-core";
import { gateRequestV1, rpc, type GateReply, type GateRequest } from "#contracts";

export class TestGate {
  readonly asked: GateRequest[] = [];
  readonly #claims = new Map<string, string>();
  #subscription: Subscription;
  /** What the policy says of a request that nobody has claimed. */
  judge: (request: GateRequest) => GateReply = () => ({ answer: "go", reason: "permitted" });

  constructor(private readonly nc: NatsConnection) {
    this.#subscription = this.#listen();
  }

  stop(): void {
    this.#subscription.unsubscribe();
  }

  start(): void {
    this.#subscription = this.#listen();
  }

  #listen(): Subscription {
    return this.nc.subscribe(rpc.gate, {
      callback: (error, message) => {
        if (error) throw error;
        const { data, id } = message.json<{ data: unknown; id: string }>();
        const response = this.#answer(gateRequestV1.parse(data));
        message.respond(JSON.stringify({ response, isDisposed: true, id }));
      },
    });
  }

  #answer(request: GateRequest): GateReply {
    this.asked.push(request);
    const key = `${request.commandId}:${request.attempt}`;
    const claim = this.#claims.get(key);
    if (claim !== undefined && claim !== request.delivery) return { answer: "claimed", reason: "permitted" };
    const reply = this.judge(request);
    if (reply.answer === "go") this.#claims.set(key, request.delivery);
    return reply;
  }
}
