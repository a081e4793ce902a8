/** A dated picture of one environment, read from the world and never remembered. */
import type { DatabaseHealth } from "./database.ts";
import type { Install, Role } from "./application.ts";
import type { Endpoint, Member, Slot } from "./load-balancer.ts";
import type { ServerRecord, Survey } from "./provider.ts";

export interface SeenLoadBalancer {
  record: ServerRecord;
  running: boolean;
  routes: { public: Slot | null; test: Slot | null };
  maintenance: boolean;
  held: boolean;
  testers: number;
  members: Record<Slot, Member[]>;
  endpoints: Record<Slot, Endpoint | null>;
}

export interface SeenApplication {
  record: ServerRecord;
  installed: Install | null;
  roles: Record<Role, "absent" | "stopped" | "running" | "failing">;
}

export interface SeenDatabase {
  record: ServerRecord;
  health: DatabaseHealth;
  position: string | null;
}

export interface Inventory {
  environment: string;
  readAt: number;
  loadBalancers: SeenLoadBalancer[];
  applications: SeenApplication[];
  databases: SeenDatabase[];
  /** Where servers have hosts of their own: which of those are silent, and which hold servers of others. */
  hosts?: Omit<Survey, "records">;
}
