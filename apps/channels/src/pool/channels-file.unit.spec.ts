import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readChannelsFile } from "./channels-file.js";

const written = (text: string): string => {
  const file = join(mkdtempSync(join(tmpdir(), "segue-channels-")), "channels.yaml");
  writeFileSync(file, text);
  return file;
};

describe("the file of providers", () => {
  it("says who serves a channel, with secrets from the environment", () => {
    const file = written(`
kind: Channels
providers:
  sms:
    - { id: centre-a, protocol: smpp, weight: 3, url: "smpp://segue:\${SMS_PASSWORD}@127.0.0.1:2775", from: "12345", rate: { perSecond: 50, burst: 100 } }
    - { id: centre-b, protocol: smpp, url: smpps://segue@127.0.0.1, from: My Bank, breaker: { failures: 2 } }
`);
    const { sms } = readChannelsFile(file, { SMS_PASSWORD: "s3cret" });
    expect(sms).toMatchObject([
      {
        id: "centre-a",
        weight: 3,
        url: "smpp://segue:s3cret@127.0.0.1:2775",
        breaker: { failures: 5, openFor: "5s" },
      },
      { id: "centre-b", weight: 1, breaker: { failures: 2, openForAtMost: "5m" } },
    ]);
  });

  it.each([
    [
      "providers: { sms: [{ id: a, protocol: smtp, url: smtp://h, from: a@b }] }",
      "providers.sms.0.protocol: smtp serves email, not sms",
    ],
    ["providers: { fax: [] }", /providers/],
    [
      "providers: { sms: [{ id: a, protocol: smpp, url: http://h, from: x }] }",
      /providers\.sms\.0\.url: smpp:/,
    ],
    [
      "providers: { sms: [{ id: a, protocol: sandbox }], push: [{ id: a, protocol: sandbox }] }",
      /push\.0\.id: a is another provider's/,
    ],
    [
      "providers: { sms: [{ id: a, protocol: smpp, url: '${NOWHERE}', from: x }] }",
      "${NOWHERE} is named, and the environment has no NOWHERE",
    ],
    [
      "providers: { sms: [{ id: a, protocol: sandbox, breaker: { openFor: 10m } }] }",
      /openForAtMost is shorter/,
    ],
  ])("that is wrong is refused, with where: %s", (text, message) => {
    expect(() => readChannelsFile(written(`kind: Channels\n${text}`), {})).toThrow(message);
  });
});
