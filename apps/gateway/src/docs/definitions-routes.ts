/** What the API's document says about catalogues and policy packs. */
import {
  definitionStoryV1,
  definitionsViewV1,
  proposeDefinitionDocument,
  publishDefinitionV1,
  rollbackDefinitionV1,
} from "../definitions/definition-bodies.js";
import { releaseAnswerV1 } from "../journeys/governance-bodies.js";
import type { ApiParameter, ApiRoute } from "./api-route.js";
import { BODY_PROBLEMS, WHO } from "./changes.js";

const nameParameters: readonly ApiParameter[] = [
  {
    name: "kind",
    in: "path",
    required: true,
    description: "`catalogue` or `policy`.",
    schema: { type: "string", enum: ["catalogue", "policy"] },
  },
  {
    name: "id",
    in: "path",
    required: true,
    description: "The catalogue or policy pack.",
    schema: { type: "string", pattern: "^[a-z0-9]+(-[a-z0-9]+)*$", maxLength: 48 },
  },
];
const exampleRelease = {
  journey: "catalogue/offers",
  revision: 4,
  state: "live",
  live: [
    { version: 2, percent: 100, from: 0 },
    { version: 1, percent: 100, from: 0 },
  ],
  rolledBack: [],
  migrations: [],
  shares: [{ version: 2, percent: 100 }],
};

function change(
  act: "publish" | "rollback",
  summary: string,
  description: string,
  schema: typeof publishDefinitionV1 | typeof rollbackDefinitionV1,
): ApiRoute {
  const example = { by: "petr", why: "reviewed", version: 2 };
  return {
    method: "post",
    path: `/v1/definitions/{kind}/{id}/${act}`,
    operationId: `${act}Definition`,
    tag: "Definitions",
    summary,
    description: `${description} ${WHO}`,
    parameters: nameParameters,
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
    problems: [...BODY_PROBLEMS, "definition-not-found", "release-refused"],
    curl: `-X POST $SEGUE/v1/definitions/catalogue/offers/${act} -H 'content-type: application/json' -d '${JSON.stringify(example)}'`,
  };
}

export const DEFINITIONS_ROUTES: readonly ApiRoute[] = [
  {
    method: "get",
    path: "/v1/definitions",
    operationId: "listDefinitions",
    tag: "Definitions",
    summary: "Catalogues and policy packs in force",
    description:
      "Every catalogue and policy pack with its versions, who wrote and who published them, from when the next one is in force, and what waits for approval.",
    parameters: [],
    answer: {
      status: 200,
      description: "The releases.",
      schema: definitionsViewV1,
      example: { definitions: [exampleRelease] },
    },
    problems: ["stream-away"],
    curl: "$SEGUE/v1/definitions",
  },
  {
    method: "get",
    path: "/v1/definitions/{kind}/{id}",
    operationId: "getDefinition",
    tag: "Definitions",
    summary: "A catalogue or policy pack with everything that was done to it",
    description:
      "The release, the versions that are in force or proposed, and every change with who, when and why: a hash chain, and what is wrong with it.",
    parameters: nameParameters,
    answer: { status: 200, description: "The definition.", schema: definitionStoryV1, example: undefined },
    problems: ["definition-not-found", "stream-away"],
    curl: "$SEGUE/v1/definitions/catalogue/offers",
  },
  {
    method: "post",
    path: "/v1/definitions",
    operationId: "proposeDefinition",
    tag: "Definitions",
    summary: "Propose a version of a catalogue or policy pack",
    description: `Checks the definition among those of the installation and stores it; nothing is decided by it before somebody else has published it. ${WHO}`,
    parameters: [],
    body: {
      description: "The definition as JSON.",
      contents: [
        {
          mediaType: "application/json",
          schema: proposeDefinitionDocument,
          example: {
            by: "anna",
            why: "autumn",
            definition: { kind: "Catalogue", id: "offers", version: 2 },
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
    curl: `-X POST $SEGUE/v1/definitions -H 'content-type: application/json' -d '{"by":"anna","why":"…","definition":…}'`,
  },
  change(
    "publish",
    "Put a proposed version in force",
    "Four eyes: `by` must not be the author. In force for all customers at once, or from `from` on, in every running service; decisions made before keep the version that they were made with.",
    publishDefinitionV1,
  ),
  change(
    "rollback",
    "Take the newest version back",
    "The version before is in force again from the next decision on.",
    rollbackDefinitionV1,
  ),
];
