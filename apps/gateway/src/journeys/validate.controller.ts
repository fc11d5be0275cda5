import { Controller, HttpCode, Inject, Post, Req } from "@nestjs/common";
import { MAX_EVENT_BYTES, type JourneyValidationAnswer } from "#contracts";
import { bodyOf, headerOf, type GatewayRequest } from "../http-request.js";
import { ProblemError } from "../problem.js";
import { JourneyValidator } from "./journey-validator.js";

const MEDIA_TYPES = ["application/yaml", "text/yaml", "application/json"];

@Controller("v1/journeys/validate")
export class ValidateController {
  constructor(@Inject(JourneyValidator) private readonly validator: JourneyValidator) {}

  /** 200 whatever is found: that a journey has errors is an answer, not a failure of the request. */
  @Post()
  @HttpCode(200)
  validate(@Req() request: GatewayRequest): Promise<JourneyValidationAnswer> {
    const type = headerOf(request, "content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
    if (!MEDIA_TYPES.includes(type))
      throw new ProblemError("unsupported-media-type", `Send ${MEDIA_TYPES.join(", ")}.`);
    const body = bodyOf(request);
    if (body.byteLength > MAX_EVENT_BYTES)
      throw new ProblemError("too-large", `A journey may have ${MAX_EVENT_BYTES} bytes.`);
    return this.validator.validate(body.toString("utf8"));
  }
}
