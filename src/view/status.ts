/** Draws what is seen of one environment right now. Pure text. */
import type { Inventory, SeenApplication, SeenDatabase, SeenLoadBalancer } from "../model/inventory.ts";
import type { Lock } from "../model/lock.ts";
import { type BackupsView, drawBackupSummary } from "./backups.ts";
import { drawLadder, oneLine } from "./ladder.ts";
import type { UpgradeView } from "./upgrade-view.ts";

export interface StatusFacts {
  environment: string;
  inventory: Inventory;
  upgrade: UpgradeView | null;
  lock?: Lock | null;
  /** Left out where nobody looked. */
  backups?: BackupsView;
}

export function drawStatus({ environment, inventory, upgrade, lock, backups }: StatusFacts): string[] {
  const lines = [`${environment}, seen ${new Date(inventory.readAt).toISOString()}`];
  if (lock) lines.push(`  locked by ${lock.by} since ${new Date(lock.at).toISOString()}: ${lock.reason}`);
  for (const seen of inventory.loadBalancers) lines.push(`  ${drawLoadBalancer(seen)}`);
  for (const seen of inventory.applications) lines.push(`  ${drawApplication(seen)}`);
  for (const seen of inventory.databases) lines.push(`  ${drawDatabase(seen)}`);
  for (const { address, why } of inventory.hosts?.silent ?? []) {
    lines.push(`  ${head({ name: "?", address })} SILENT: ${oneLine(why)}; whatever it holds is not shown here`);
  }
  if (backups) lines.push("", ...drawBackupSummary(backups));
  if (upgrade) lines.push("", ...drawLadder(upgrade, { open: false, columns: 120 }));
  return lines;
}

function drawLoadBalancer({ record, running, routes, maintenance, held, members }: SeenLoadBalancer): string {
  if (!running) return `${head(record)} down`;
  const door = maintenance ? "shows the page" : held ? "holds requests" : "open";
  const pool = routes.public ? members[routes.public] : [];
  const good = pool.filter(({ healthy, state }) => healthy && state === "ready").length;
  const test = routes.test ? `, test route to pool ${routes.test}` : "";
  return `${head(record)} ${door}, public to pool ${routes.public ?? "none"} (${good} of ${pool.length} healthy)${test}`;
}

function drawApplication({ record, installed, roles }: SeenApplication): string {
  const kept = record.labels.kept ? `, kept for ${record.labels.kept}` : "";
  const worker = roles.worker === "absent" ? "" : `, worker ${roles.worker}`;
  return `${head(record)} release ${installed?.release ?? "none"}, pool ${record.labels.slot}, web ${roles.web}${worker}${kept}`;
}

function drawDatabase({ record, health, position }: SeenDatabase): string {
  const kept = record.labels.kept ? `, kept for ${record.labels.kept}` : "";
  if (!health.running) return `${head(record)} stopped${kept}`;
  const role = health.writable ? "primary, writable" : health.following ? `replica of ${health.following}` : "fenced";
  const trouble =
    health.following && !health.replicating ? `, NOT replicating: ${health.error ?? "no reason given"}` : "";
  return `${head(record)} ${role} at ${position ?? "?"}${trouble}${kept}`;
}

const head = (record: { name: string; address: string }): string =>
  `${record.name.padEnd(10)} ${record.address.padEnd(15)}`;
