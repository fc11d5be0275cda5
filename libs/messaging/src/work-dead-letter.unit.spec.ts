import { headers } from "@nats-io/nats-core";
import { dlqHeaders } from "#contracts";
import { deadLetterHeaders } from "./work-dead-letter.js";

describe("headers of a dead letter", () => {
  it("keeps the original ones, but none that would order the server to do something", () => {
    const original = headers();
    original.set("traceparent", "00-aa-bb-01");
    original.set("Nats-Msg-Id", "m-1");
    original.set("Nats-Rollup", "all");
    const h = deadLetterHeaders({
      subject: "cmd.sms.3.c1",
      stream: "CMD",
      seq: 12,
      headers: original,
      reason: "invalid_data",
      detail: "line one\r\nline two",
    });
    expect(h).toEqual({
      traceparent: "00-aa-bb-01",
      "Segue-Original-Nats-Msg-Id": "m-1",
      "Segue-Original-Nats-Rollup": "all",
      [dlqHeaders.reason]: "invalid_data",
      [dlqHeaders.detail]: "line one line two",
      [dlqHeaders.subject]: "cmd.sms.3.c1",
      [dlqHeaders.stream]: "CMD",
      [dlqHeaders.sequence]: "12",
    });
  });
});
