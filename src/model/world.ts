/** Everything a step can reach: the world, behind small interfaces, and the one clock. */
import type { Application } from "./application.ts";
import type { Clock } from "./clock.ts";
import type { Database } from "./database.ts";
import type { LoadBalancer } from "./load-balancer.ts";
import type { Provider } from "./provider.ts";

export interface World {
  readonly environment: string;
  readonly clock: Clock;
  readonly provider: Provider;
  loadBalancer(server: string): Promise<LoadBalancer>;
  database(server: string): Promise<Database>;
  application(server: string): Promise<Application>;
  /** The packed artefact with this content hash. */
  artefact(hash: string): Promise<Buffer>;
}
