import { Module, type DynamicModule } from "@nestjs/common";
import type { Logger } from "#telemetry";
import type { GatewayConfig } from "./config.js";
import { ChangePublisher } from "./customers/change.publisher.js";
import { ContactsController } from "./contacts/contacts.controller.js";
import { ConsentsController } from "./customers/consents.controller.js";
import { CustomerReader } from "./customers/customer-reader.store.js";
import { CustomersController } from "./customers/customers.controller.js";
import { HoldsController } from "./customers/holds.controller.js";
import { PERMISSIONS_CLOCK, PermissionsController } from "./customers/permissions.controller.js";
import { DecisionsController } from "./decisions/decisions.controller.js";
import { DefinitionsController } from "./definitions/definitions.controller.js";
import { API_VERSION, DocsController } from "./docs/docs.controller.js";
import { EventPublisher } from "./events/event.publisher.js";
import type { EventLimits } from "./events/event-check.js";
import { BATCH_LIMITS, EVENT_LIMITS, EventsController } from "./events/events.controller.js";
import { IdempotencyStore } from "./events/idempotency.store.js";
import { HealthController, Lifecycle } from "./health/health.controller.js";
import { JourneyValidator } from "./journeys/journey-validator.js";
import { ValidateController } from "./journeys/validate.controller.js";
import { Moments } from "./moments/moments.js";
import { MomentsController } from "./moments/moments.controller.js";
import { ControlsController, JourneysController } from "./journeys/journeys.controller.js";
import { RegistryLink } from "./journeys/registry-link.js";
import { SIMULATION_LIMITS, SimulateController } from "./journeys/simulate.controller.js";
import { GatewayMetrics } from "./metrics.js";
import { NatsLink } from "./nats-link.js";

export interface GatewayParts {
  readonly config: GatewayConfig;
  readonly link: NatsLink;
  readonly metrics: GatewayMetrics;
  readonly lifecycle: Lifecycle;
  readonly moments: Moments;
  readonly eventLimits: EventLimits;
  readonly log: Logger;
  /** Of the API, for its document. */
  readonly version: string;
}

@Module({})
export class GatewayModule {
  static with(parts: GatewayParts): DynamicModule {
    const { config, link, metrics, lifecycle, moments, eventLimits, log, version } = parts;
    const limits = { giveUpAfterMs: config.publishGiveUpMs, maxInFlight: config.maxInFlightEvents };
    return {
      module: GatewayModule,
      controllers: [
        EventsController,
        CustomersController,
        ConsentsController,
        HoldsController,
        PermissionsController,
        ContactsController,
        DecisionsController,
        SimulateController,
        JourneysController,
        ControlsController,
        DefinitionsController,
        MomentsController,
        ValidateController,
        HealthController,
        DocsController,
      ],
      providers: [
        { provide: NatsLink, useValue: link },
        { provide: GatewayMetrics, useValue: metrics },
        { provide: Lifecycle, useValue: lifecycle },
        { provide: API_VERSION, useValue: version },
        { provide: EventPublisher, useFactory: () => new EventPublisher(link, metrics, log, limits) },
        { provide: Moments, useValue: moments },
        {
          provide: JourneyValidator,
          useFactory: () => new JourneyValidator(link, config.definitionsDir),
        },
        { provide: CustomerReader, useFactory: () => new CustomerReader(link, config.clock) },
        { provide: PERMISSIONS_CLOCK, useValue: config.clock },
        ChangePublisher,
        {
          provide: IdempotencyStore,
          useFactory: () => new IdempotencyStore({ keepMs: config.idempotencyKeepMs }),
        },
        { provide: EVENT_LIMITS, useValue: eventLimits },
        {
          provide: RegistryLink,
          useFactory: () => new RegistryLink(link, config.clock, config.definitionsDir),
        },
        {
          provide: SIMULATION_LIMITS,
          useValue: {
            definitionsDir: config.definitionsDir,
            maxEvents: config.simulationMaxEvents,
            withinMs: config.simulationWithinMs,
          },
        },
        { provide: BATCH_LIMITS, useValue: { maxEvents: config.batchMaxEvents } },
      ],
    };
  }
}
