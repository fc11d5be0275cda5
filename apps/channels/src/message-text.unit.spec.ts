import { fillText } from "./message-text.js";

describe("text of a treatment", () => {
  it("fills fields of the event's data, and leaves out what is not there", () => {
    expect(
      fillText("{amount} {currency} from {account}{nope}.", { amount: 12.5, currency: "CZK", account: "A1" }),
    ).toBe("12.5 CZK from A1.");
  });
  it("reads no inherited property and no object", () => {
    expect(fillText("[{constructor}{toString}{x}]", { x: { y: 1 } })).toBe("[]");
  });
});
