import { CHANNELS } from "#contracts";
import { behaviourOf, type Behaviour, type SandboxFault } from "./sandbox-behaviour.js";
import { profileOf, type SandboxChannel } from "./sandbox-profile.js";

const order = (channel: SandboxChannel, n: number, attempt = 0, receiptTimeoutMs = 600_000) => ({
  commandId: `c${n}.1.0.c`,
  attempt,
  channel,
  receiptTimeoutMs,
});
const many = (channel: SandboxChannel, fault?: SandboxFault): Behaviour[] =>
  Array.from({ length: 4_000 }, (_, n) => behaviourOf("seed", order(channel, n), profileOf(channel), fault));
const share = (all: readonly Behaviour[], test: (b: Behaviour) => boolean): number =>
  all.filter(test).length / all.length;

describe("the sandbox's behaviour", () => {
  it.each(CHANNELS.filter((c) => c !== "inapp"))(
    "is a pure function of seed, command and attempt (%s)",
    (channel) => {
      const profile = profileOf(channel);
      const twice = [1, 2, 3, 4, 5].map((n) => [
        behaviourOf("s", order(channel, n), profile),
        behaviourOf("s", order(channel, n), profile),
      ]);
      for (const [a, b] of twice) expect(a).toEqual(b);
      const of = (seed: string, attempt: number) =>
        [1, 2, 3, 4, 5].map((n) => behaviourOf(seed, order(channel, n, attempt), profile));
      expect(of("s", 0)).not.toEqual(of("t", 0));
      expect(of("s", 0)).not.toEqual(of("s", 1));
    },
  );

  it("follows the rates of the profile", () => {
    const push = many("push");
    expect(share(push, (b) => b.answer === "delivered")).toBeCloseTo(0.92, 1);
    expect(share(push, (b) => b.responses.some((r) => r.kind === "opened"))).toBeCloseTo(0.92 * 0.35, 1);
    const sms = many("sms");
    expect(share(sms, (b) => b.answer === "accepted")).toBeCloseTo(0.97, 1);
    expect(share(sms, (b) => b.answer === "accepted" && b.receipt === undefined)).toBeCloseTo(0.02, 1);
    expect(share(many("execute"), (b) => b.answer === "delivered")).toBeCloseTo(0.7, 1);
  });

  it("orders times: answer, then receipt, then responses", () => {
    for (const b of [...many("email"), ...many("atm"), ...many("agent")]) {
      const times = [
        b.answerAfterMs,
        ...(b.receipt ? [b.receipt.afterMs] : []),
        ...b.responses.map((r) => r.afterMs),
      ];
      expect([...times].sort((x, y) => x - y)).toEqual(times);
    }
  });

  it("never answers a response of what was not delivered", () => {
    const silent = many("sms").filter((b) => b.receipt?.status !== "delivered" && b.answer !== "delivered");
    expect(silent.length).toBeGreaterThan(0);
    expect(silent.every((b) => b.responses.length === 0)).toBe(true);
  });

  it.each<[SandboxFault, (b: Behaviour) => boolean]>([
    ["reject", (b) => b.answer === "rejected"],
    ["hang", (b) => b.answer === "hang"],
    ["lost", (b) => b.answer === "accepted" && b.receipt === undefined],
    ["late", (b) => b.receipt !== undefined && b.receipt.afterMs > 600_000],
    ["deliver", (b) => b.receipt?.status === "delivered" && b.receipt.afterMs <= 600_000],
  ])("can be forced: %s", (fault, holds) => {
    expect(many("sms", fault).every(holds)).toBe(true);
  });

  it("takes changes of a profile, and names what is wrong with one", () => {
    expect(profileOf("sms", { sms: { reject: 1 } }).reject).toBe(1);
    expect(() => profileOf("sms", { sms: { reject: 2 } })).toThrow(/sms\.reject/);
    expect(() => profileOf("sms", { sms: { latency: ["2s", "1s"] } })).toThrow(/sms\.latency/);
  });
});
