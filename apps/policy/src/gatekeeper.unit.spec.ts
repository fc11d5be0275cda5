import { NO_CONTROLS, type GateRequest } from "#contracts";
import { GateUnavailable, Gatekeeper, type GatekeeperPorts } from "./gatekeeper.js";
import type { GateVerdicts } from "./policy-index.store.js";

describe("the gate without the event stream", () => {
  it("gives no answer: an opt-out may be on its way (I7)", async () => {
    const untouched = new Proxy(
      {},
      { get: (_, name) => () => Promise.reject(new Error(`${String(name)} was asked`)) },
    );
    const ports = {
      packs: [],
      index: untouched,
      rebuild: untouched,
      profiles: untouched,
      caps: untouched,
      fresh: () => false,
    };
    const gatekeeper = new Gatekeeper(ports as unknown as GatekeeperPorts);
    await expect(gatekeeper.gate({} as GateRequest)).rejects.toThrow(GateUnavailable);
  });
});

describe("the gate and its caller", () => {
  it("gives no answer once the caller has given up: it may be asking again (I6)", async () => {
    const ports = { fresh: () => true, controls: () => NO_CONTROLS };
    const gatekeeper = new Gatekeeper(ports as unknown as GatekeeperPorts);
    await expect(gatekeeper.gate({} as GateRequest, -1)).rejects.toThrow("the caller's time was up");
  });
});

describe("the gate and the kill switch", () => {
  it("does not let go what was stopped while Redis took its time (I7)", async () => {
    let controls = NO_CONTROLS;
    const asked: GateVerdicts[] = [];
    const index = {
      gate: (_request: GateRequest, _version: string, verdicts: GateVerdicts) => {
        asked.push(verdicts);
        const first = asked.length === 1;
        if (first) controls = { ...NO_CONTROLS, channels: ["sms"] };
        const reply = first
          ? { answer: "go", reason: "permitted" }
          : { answer: "stop", reason: verdicts.other };
        return Promise.resolve({ kind: "answer", reply });
      },
    };
    const profile = { seq: 1, consents: {}, holds: [] };
    const ports = {
      packs: [],
      index,
      rebuild: {},
      profiles: { get: () => ({ version: "1", profile }) },
      caps: { capsOf: () => ({ caps: [], textAt: () => "" }) },
      controls: () => controls,
      fresh: () => true,
    };
    const gatekeeper = new Gatekeeper(ports as unknown as GatekeeperPorts);
    const request = { customerId: "c", purpose: "service", channel: "sms", at: 1 } as GateRequest;
    expect(await gatekeeper.gate(request)).toEqual({ answer: "stop", reason: "stopped" });
    expect(asked).toHaveLength(2);
  });
});
