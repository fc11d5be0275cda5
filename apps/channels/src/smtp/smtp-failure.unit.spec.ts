import { smtpFailureOf } from "./smtp-failure.js";
import { messageIdOf } from "./smtp-email.provider.js";

describe("what a failed SMTP transaction means", () => {
  it.each([
    [{ responseCode: 550 }, false, "rejected", "smtp_550"],
    [{ responseCode: 554 }, true, "rejected", "smtp_554"],
    [{ responseCode: 451 }, false, "again", "smtp_451"],
    [{ responseCode: 452 }, true, "again", "smtp_452"],
    [{ code: "ECONNREFUSED" }, false, "again", "smtp_unreachable"],
    [{ code: "ECONNECTION" }, true, "unknown", "connection_lost"],
    [{ code: "ETIMEDOUT" }, true, "unknown", "connection_lost"],
  ])("%p, text sent: %p → %s", (error, dataSent, kind, reason) => {
    expect(smtpFailureOf(error, dataSent)).toEqual({ kind, reason });
  });

  it("derives the Message-ID from command and leg", () => {
    expect(messageIdOf({ commandId: "c1.2.0.c", attempt: 1 }, "Bank <service@bank.example>")).toBe(
      "<c1.2.0.c.1@bank.example>",
    );
  });
});
