/** What the API's document says about the governance of journeys. */
import {
  changeBodyV1,
  controlsAnswerV1,
  migrateBodyV1,
  proposeBodyDocument,
  publishBodyV1,
  releaseAnswerV1,
  releasesViewV1,
  releaseStoryV1,
  rollbackBodyV1,
  stopBodyV1,
} from "../journeys/governance-bodies.js";
import type { ApiParameter, ApiRoute } from "./api-route.js";
import { BODY_PROBLEMS, WHO } from "./changes.js";

const idParameter: ApiParameter = {
  name: "id",
  in: "path",
  required: true,
  description: "The journey.",
  schema: { type: "string", pattern: "^[a-z0-9]+(-[a-z0-9]+)*$", maxLength: 48 },
};
const CHANGE_PROBLEMS = [...BODY_PROBLEMS, "journey-not-found", "release-refused"] as const;
const who = { by: "petr", why: "reviewed" };

const exampleRelease = {
  journey: "card-offer",
  revision: 3,
  state: "live",
  live: [
    { version: 2, percent: 10, from: 0 },
    { version: 1, percent: 100, from: 0 },
  ],
  rolledBack: [],
  migrations: [],
  shares: [
    { version: 2, percent: 10 },
    { version: 1, percent: 90 },
  ],
};
const exampleControls = { revision: 1, all: false, channels: ["sms"], journeys: [] };

function curl(path: string, body: unknown): string {
  return `-X POST $SEGUE${path} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
}

function change(
  act: string,
  summary: string,
  description: string,
  schema: typeof changeBodyV1 | typeof publishBodyV1 | typeof rollbackBodyV1 | typeof migrateBodyV1,
  example: object,
): ApiRoute {
  return {
    method: "post",
    path: `/v1/journeys/{id}/${act}`,
    operationId: `${act}Journey`,
    tag: "Journeys",
    summary,
    description: `${description} ${WHO}`,
    parameters: [idParameter],
    body: {
      description: "Who, why and what.",
      contents: [{ mediaType: "application/json", schema, example }],
    },
    answer: {
      status: 200,
      description: "The release as it stands now; `unchanged` when there was nothing to do.",
      schema: releaseAnswerV1,
      example: { status: "changed", release: exampleRelease },
    },
    problems: CHANGE_PROBLEMS,
    curl: curl(`/v1/journeys/card-offer/${act}`, example),
  };
}

function control(act: "stop" | "release", summary: string, description: string): ApiRoute {
  const example = { ...who, target: { kind: "channel", channel: "sms" } };
  return {
    method: "post",
    path: `/v1/controls/${act}`,
    operationId: `${act}Sends`,
    tag: "Journeys",
    summary,
    description: `${description} ${WHO}`,
    parameters: [],
    body: {
      description: "The target: everything, a channel, or a journey.",
      contents: [{ mediaType: "application/json", schema: stopBodyV1, example }],
    },
    answer: {
      status: 200,
      description: "What is stopped now.",
      schema: controlsAnswerV1,
      example: { status: "changed", controls: exampleControls },
    },
    problems: BODY_PROBLEMS,
    curl: curl(`/v1/controls/${act}`, example),
  };
}

export const JOURNEYS_ROUTES: readonly ApiRoute[] = [
  {
    method: "get",
    path: "/v1/journeys",
    operationId: "listJourneys",
    tag: "Journeys",
    summary: "What is live",
    description:
      "Every journey with its versions, the share of the customers that each takes, who wrote and who published it, what waits for approval, and what the kill switch stops.",
    parameters: [],
    answer: {
      status: 200,
      description: "All journeys, in order of id.",
      schema: releasesViewV1,
      example: { journeys: [exampleRelease], controls: exampleControls },
    },
    problems: ["stream-away"],
    curl: "$SEGUE/v1/journeys",
  },
  {
    method: "get",
    path: "/v1/journeys/{id}",
    operationId: "getJourney",
    tag: "Journeys",
    summary: "A journey with everything that was done to it",
    description:
      "The release, the definitions that are live or proposed, and every change with who, when and why: a hash chain, and what is wrong with it.",
    parameters: [idParameter],
    answer: { status: 200, description: "The journey.", schema: releaseStoryV1, example: undefined },
    problems: ["journey-not-found", "stream-away"],
    curl: "$SEGUE/v1/journeys/card-offer",
  },
  {
    method: "post",
    path: "/v1/journeys",
    operationId: "proposeJourney",
    tag: "Journeys",
    summary: "Propose a version",
    description: `Checks the definition and stores it; nobody enters it before somebody else has published it. A proposal may be replaced, a published version never changes. ${WHO}`,
    parameters: [],
    body: {
      description: "The definition as JSON.",
      contents: [
        {
          mediaType: "application/json",
          schema: proposeBodyDocument,
          example: {
            by: "anna",
            why: "a calmer first message",
            definition: { kind: "Journey", id: "card-offer", version: 2 },
          },
        },
      ],
    },
    answer: {
      status: 200,
      description: "The release with the proposal.",
      schema: releaseAnswerV1,
      example: { status: "changed", release: exampleRelease },
    },
    problems: [...BODY_PROBLEMS, "release-refused"],
    curl: `-X POST $SEGUE/v1/journeys -H 'content-type: application/json' -d '{"by":"anna","why":"…","definition":…}'`,
  },
  change(
    "publish",
    "Make a proposed version live",
    "Four eyes: `by` must not be the author. Refused when the checks fail or the simulation over the last 24 hours breaks a limit of the gate. For a `percent` of the customers, always the same ones; publish it again with more to widen it. `from` may be in the future. Running actors follow at once.",
    publishBodyV1,
    { ...who, version: 2, percent: 10 },
  ),
  change(
    "rollback",
    "Take the newest version back",
    "The version before is live again at once; customers inside the one that is taken back do what it says itself (`onRollback`).",
    rollbackBodyV1,
    { ...who, version: 2 },
  ),
  change(
    "pause",
    "Let a journey stand still",
    "Nobody enters; open instances keep their remaining time. What was ordered before is still sent.",
    changeBodyV1,
    who,
  ),
  change(
    "resume",
    "Let a journey go on",
    "After a pause or a stop; its sends are released too.",
    changeBodyV1,
    who,
  ),
  change(
    "stop",
    "Stop a journey",
    "From the answer on no send of it starts later than a second. Nobody enters, and open instances end with their next event or timer.",
    changeBodyV1,
    who,
  ),
  change(
    "migrate",
    "Move running instances to another version",
    "Over an explicit, checked mapping of steps. Instances at steps that are not named stay; open waits keep their due time.",
    migrateBodyV1,
    { ...who, from: 1, to: 2, steps: { "wait-for-reply": "wait-for-reply" } },
  ),
  control(
    "stop",
    "Kill switch",
    "From the answer on no send of the target starts later than a second; what was ordered ends as suppressed.",
  ),
  control("release", "Release the kill switch", "What was suppressed meanwhile is not sent later."),
];
