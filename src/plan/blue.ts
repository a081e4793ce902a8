/** Reads out of an inventory who serves now: load balancers, blue's servers, the primary and its replica. */
import type { Inventory, SeenApplication, SeenDatabase, SeenLoadBalancer } from "../model/inventory.ts";
import { otherSlot, type Slot } from "../model/load-balancer.ts";
import { Problem } from "../model/problem.ts";
import { BESIDE } from "../model/provider.ts";

export interface Blue {
  slot: Slot;
  green: Slot;
  loadBalancers: SeenLoadBalancer[];
  /** Servers of the serving generation, fixed ones first. */
  applications: SeenApplication[];
  release: string;
  primary: SeenDatabase;
  /** Every other database that is not kept for diagnosis. */
  replicas: SeenDatabase[];
  /** Left from earlier upgrades, kept for diagnosis. */
  kept: string[];
}

/** Throws a Problem when the picture has no one answer. */
export function readBlue(inventory: Inventory): Blue {
  const slots = new Set(inventory.loadBalancers.map(({ routes }) => routes.public));
  const [slot] = slots;
  if (slots.size !== 1 || !slot) throw unclear(inventory, "the load balancers do not agree on one pool for the public");
  const addresses = new Set(inventory.loadBalancers.map(({ endpoints }) => endpoints[slot]?.address));
  const [address] = addresses;
  const primary = inventory.databases.find(({ record }) => record.address === address);
  if (addresses.size !== 1 || !primary)
    throw unclear(inventory, "the database endpoint does not lead to one known server");
  const isKept = (labels: Record<string, string>) => labels.kept !== undefined;
  const applications = inventory.applications
    .filter(({ record }) => record.labels.slot === slot && !isKept(record.labels))
    .sort((left, right) => byNumber.compare(rank(left), rank(right)));
  const [release] = applications.map(({ installed }) => installed?.release);
  if (!release) throw unclear(inventory, `pool ${slot} has no server with a release`);
  return {
    slot,
    green: otherSlot(slot),
    loadBalancers: inventory.loadBalancers,
    applications,
    release,
    primary,
    replicas: inventory.databases.filter(({ record }) => record !== primary.record && !isKept(record.labels)),
    kept: [...inventory.applications, ...inventory.databases]
      .map(({ record }) => record)
      .filter(({ labels }) => isKept(labels))
      .map(({ name }) => name),
  };
}

/** What runs, not what the file says by now. */
export const runsWorker = ({ roles }: SeenApplication): boolean =>
  roles.worker !== "absent" && roles.worker !== "stopped";

/** Whether load balancers stand on the application servers' hosts. */
export const areFrontEnds = ({ loadBalancers }: Blue): boolean =>
  loadBalancers.some(({ record }) => record.labels[BESIDE] !== undefined);

/** Made once: making one costs more than a thousand comparisons. */
const byNumber = new Intl.Collator("en", { numeric: true });

const rank = ({ record }: SeenApplication): string => `${record.labels.group ? 1 : 0} ${record.name}`;

const unclear = (inventory: Inventory, why: string): Problem =>
  new Problem("refused", {
    what: `it is not clear what serves in environment "${inventory.environment}"`,
    why,
    next: `changeover status ${inventory.environment}`,
  });
