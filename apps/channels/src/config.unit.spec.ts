import { CHANNELS } from "#contracts";
import { readConfig } from "./config.js";

describe("configuration of the channel service", () => {
  it("serves all channels by default, in the sandbox", () => {
    const config = readConfig({});
    expect(config.CHANNELS).toEqual(CHANNELS);
    expect(config.SMTP_URL).toBeUndefined();
    expect(config.SANDBOX_FAULTS).toEqual({});
  });

  it("reads restricted channels and forced faults", () => {
    const config = readConfig({ CHANNELS: "sms, email", SANDBOX_FAULTS: "sms=reject,push=hang" });
    expect(config.CHANNELS).toEqual(["sms", "email"]);
    expect(config.SANDBOX_FAULTS).toEqual({ sms: "reject", push: "hang" });
  });

  it.each([
    [{ CHANNELS: "fax" }, /CHANNELS/],
    [{ SANDBOX_FAULTS: "sms=explode" }, /SANDBOX_FAULTS/],
    [{ SMTP_URL: "http://mail" }, /SMTP_URL/],
    [{ CHANNEL_CONCURRENCY: "0" }, /CHANNEL_CONCURRENCY/],
    [{ AGENTS: "a b" }, /AGENTS/],
    [{ SANDBOX_PROFILE: "/nowhere/profile.yaml" }, /SANDBOX_PROFILE.*profile\.yaml/],
  ])("names the variable that is wrong: %p", (env, message) => {
    expect(() => readConfig(env)).toThrow(message);
  });
});
