export { differences } from "./differences.js";
export { customerIdIn, play, type Played } from "./play.js";
export { readScenarios, type Scenario } from "./scenario-file.js";
export { scenarioLine, storyLines } from "./show.js";
