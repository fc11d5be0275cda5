import { stripVTControlCharacters } from "node:util";
import { permissionsText } from "./policy.command.js";

describe("may we, and why (not), as text", () => {
  it("says per channel the verdict, the reason, the rule with its source, and from when on", () => {
    const text = permissionsText({
      customerId: "c1",
      action: "offer",
      purpose: "marketing",
      at: "2026-07-01T20:30:00.000Z",
      permitted: true,
      channels: [
        { channel: "email", verdict: "permitted", reason: "permitted", means: "permitted" },
        {
          channel: "sms",
          verdict: "deferred",
          reason: "quiet_hours",
          means: "quiet hours",
          rule: "us-marketing/marketing/quietHours",
          source: "47 CFR 64.1200(c)(1).",
          permittedFrom: "2026-07-02T06:00:00.000Z",
        },
        { channel: "push", verdict: "denied", reason: "consent_refused", means: "consent refused" },
      ],
      packs: ["us-marketing@1"],
    });
    expect(stripVTControlCharacters(text).split("\n")).toEqual([
      "Yes: offer (marketing) to customer c1 at 2026-07-01T20:30:00.000Z",
      "  email: permitted.",
      "  sms: deferred, quiet hours [quiet_hours], rule us-marketing/marketing/quietHours (47 CFR 64.1200(c)(1)). It would be permitted from 2026-07-02T06:00:00.000Z on.",
      "  push: denied, consent refused [consent_refused]. Time alone will not change that within a hundred days.",
      "  Judged by us-marketing@1.",
      "",
    ]);
  });
});
