/** Checks of a journey against the catalogue and the policies: what it can say, on which channel, for which purpose. */
import {
  isContact,
  type ActionDefinition,
  type Channel,
  type JourneyDefinition,
  type Purpose,
  type StepDefinition,
} from "#contracts";
import type { DefinitionFile, Path } from "./definition-file.js";
import type { EventFields } from "./field-checks.js";
import { didYouMean } from "./suggestion.js";

type JourneyFile = DefinitionFile<JourneyDefinition>;
export type Actions = ReadonlyMap<string, ActionDefinition>;
type OrderingStep = Extract<StepDefinition, { type: "decide" | "send" | "route" | "execute" }>;

/** The channel that a step of this type speaks through, where the type says it. */
const CHANNEL_OF_STEP: Readonly<Record<string, Channel>> = { route: "agent", execute: "execute" };

/** True of a step that may order a contact. */
export function isOrdering(step: StepDefinition): step is OrderingStep {
  return step.type === "decide" || step.type === "send" || step.type === "route" || step.type === "execute";
}

/** Names of actions in a step, each with its place. */
function namedIn(step: OrderingStep, base: Path): readonly { readonly id: string; readonly path: Path }[] {
  return step.type === "decide"
    ? step.actions.map((id, i) => ({ id, path: [...base, "actions", i] }))
    : [{ id: step.action, path: [...base, "action"] }];
}

/** The tags whose actions compete in a step. */
function tagsOf(step: OrderingStep): readonly string[] {
  return step.type === "decide" ? (step.candidates?.tags ?? []) : [];
}

function tagged(tag: string, actions: Actions): ActionDefinition[] {
  return [...actions.values()].filter((a) => a.tags?.includes(tag));
}

function channelsOf(step: OrderingStep): readonly Channel[] | undefined {
  return step.type === "decide" || step.type === "send" ? step.channels : undefined;
}

/** `purposes`: those for which a policy pack has a rule; left out when the policies are not known. */
export function checkActions(
  file: JourneyFile,
  journey: JourneyDefinition,
  actions: Actions,
  purposes: ReadonlySet<Purpose> | undefined,
  fields?: EventFields,
): void {
  for (const [i, step] of journey.steps.entries()) {
    if (!isOrdering(step)) continue;
    const known: ActionDefinition[] = [];
    const named = namedIn(step, ["steps", i]);
    for (const { id, path } of named) {
      const action = actions.get(id);
      if (!action) {
        file.report(path, `action ${JSON.stringify(id)} is not in the catalogue`, {
          suggestion: didYouMean(id, actions.keys()) ?? "declare it in catalogue/",
        });
        continue;
      }
      known.push(action);
      checkChannels(file, step, action, path);
      checkPurpose(file, journey, step, action, path, purposes);
      if (fields) checkValues(file, journey, action, path, fields);
    }
    for (const [t, tag] of tagsOf(step).entries()) {
      const found = tagged(tag, actions);
      if (found.length === 0)
        file.report(
          ["steps", i, "candidates", "tags", t],
          `no action of the catalogue has the tag ${JSON.stringify(tag)}`,
          {
            suggestion:
              didYouMean(tag, new Set([...actions.values()].flatMap((a) => a.tags ?? []))) ??
              "give it to an action in catalogue/",
          },
        );
      known.push(...found);
    }
    if (known.length < named.length + tagsOf(step).length) continue;
    const spoken = new Set(known.flatMap((a) => a.treatments.map((t) => t.channel)));
    for (const [c, channel] of (channelsOf(step) ?? []).entries()) {
      if (!spoken.has(channel))
        file.report(
          ["steps", i, "channels", c],
          `no action of this step has a treatment for channel ${channel}`,
          { suggestion: `treated are ${[...spoken].join(", ")}` },
        );
    }
  }
}

function checkChannels(file: JourneyFile, step: OrderingStep, action: ActionDefinition, path: Path): void {
  const own = action.treatments.map((t) => t.channel);
  const needed = CHANNEL_OF_STEP[step.type];
  if (needed && !own.includes(needed)) {
    file.report(
      path,
      `${step.type === "execute" ? "an" : "a"} ${step.type} step needs an action with a treatment for channel ${needed}; ${action.id} has ${own.join(", ")}`,
      { suggestion: "say it with a send step, or name another action" },
    );
  }
  const wanted = channelsOf(step);
  if (wanted && !wanted.some((c) => own.includes(c))) {
    file.report(
      path,
      `action ${JSON.stringify(action.id)} has no treatment for ${wanted.join(", ")}: it could never be chosen here`,
      { suggestion: `it has ${own.join(", ")}` },
    );
  }
}

/** An action whose texts need what no event of the trigger carries would never be said. */
function checkValues(
  file: JourneyFile,
  journey: JourneyDefinition,
  { id, variables = {} }: ActionDefinition,
  path: Path,
  fields: EventFields,
): void {
  const types = [journey.trigger.event].flat();
  const declared = types.map((type) => fields.get(type));
  for (const [name, { required }] of Object.entries(variables)) {
    if (required !== true || declared.some((f) => f === undefined || f.has(name.split(".")[0]!))) continue;
    file.report(
      path,
      `${id} needs ${name}, which ${types.join(", ")} does not carry: it could never be said here`,
      {
        suggestion: "give the variable a default, or name another action",
      },
    );
  }
}

/** Consents, caps and quiet hours go by the action's purpose; opt-out and arbitration go by the journey's. */
function checkPurpose(
  file: JourneyFile,
  journey: JourneyDefinition,
  step: OrderingStep,
  action: ActionDefinition,
  path: Path,
  purposes: ReadonlySet<Purpose> | undefined,
): void {
  if (purposes && !purposes.has(action.purpose))
    file.report(
      path,
      `no policy says which consent purpose ${action.purpose} needs: ${action.id} would be denied on every channel`,
      { suggestion: `add a rule for purpose ${action.purpose} to a pack in policies/` },
    );
  if (action.purpose === journey.purpose || step.type === "route" || step.type === "execute") return;
  // A choice may hold an offer: where consent or opt-out forbids it, the step goes another way. A message is relied on.
  if (step.type === "decide" && action.purpose === "marketing") return;
  if (action.purpose === "marketing")
    return file.report(
      path,
      `action ${JSON.stringify(action.id)} is marketing, and a journey of purpose ${journey.purpose} sends it: what a customer gets as ${journey.purpose} must not promote`,
      { suggestion: "offer it in a decide step, or send it in a marketing journey" },
    );
  file.warn(
    path,
    `action ${JSON.stringify(action.id)} is of purpose ${action.purpose}, the journey of purpose ${journey.purpose}`,
    {
      suggestion: `say it in a journey of purpose ${action.purpose}, which goes on where this one is ended`,
    },
  );
}

/** Every purpose and channel on which a journey may contact the customer, as `purpose/channel`. */
export function contactsOf(journey: JourneyDefinition, actions: Actions): ReadonlySet<string> {
  const found = new Set<string>();
  for (const step of journey.steps) {
    if (!isOrdering(step)) continue;
    const only = CHANNEL_OF_STEP[step.type];
    const wanted = only ? [only] : channelsOf(step);
    const named = namedIn(step, []).map(({ id }) => actions.get(id));
    for (const action of [...named, ...tagsOf(step).flatMap((tag) => tagged(tag, actions))]) {
      for (const { channel } of action?.treatments ?? [])
        if (isContact(channel) && (wanted === undefined || wanted.includes(channel)))
          found.add(`${action!.purpose}/${channel}`);
    }
  }
  return found;
}
