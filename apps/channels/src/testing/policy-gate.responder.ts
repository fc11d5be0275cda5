/** A policy gate for tests: speaks the contract over NATS, and claims each attempt for one delivery as the real one does. */
import type { NatsConnection } from "@nats-io/nats-core";
import { gateRequestV1, rpc, type GateReply, type GateRequest } from "#contracts";
import { respond } from "#testing";

export class TestGate {
  readonly asked: GateRequest[] = [];
  readonly #claims = new Map<string, string>();
  stop: () => void;
  /** What the policy says of a request that nobody has claimed. */
  judge: (request: GateRequest) => GateReply = () => ({ answer: "go", reason: "permitted" });

  constructor(private readonly nc: NatsConnection) {
    this.stop = this.#listen();
  }

  start(): void {
    this.stop = this.#listen();
  }

  #listen(): () => void {
    return respond(this.nc, rpc.gate, (data) => this.#answer(gateRequestV1.parse(data)));
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
