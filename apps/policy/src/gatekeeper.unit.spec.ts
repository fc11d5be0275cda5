import type { GateRequest } from "#contracts";
import { GateUnavailable, Gatekeeper, type GatekeeperPorts } from "./gatekeeper.js";

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
