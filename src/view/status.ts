/** Draws what is seen of one environment right now. Pure text. */
import type { Inventory, SeenApplication, SeenDatabase, SeenLoadBalancer } from "../model/inventory.ts";
import { type Lock, lockedBy } from "../model/lock.ts";
import { type AlertsView, drawRaised } from "./alerts.ts";
import type { ServerRecord } from "../model/provider.ts";
import { seenTemplate } from "../model/template/server-state.ts";
import { type BackupsView, drawBackupSummary } from "./backups.ts";
import { drawGroupSummary, type GroupView } from "./groups.ts";
import { drawLadder, oneLine } from "./ladder.ts";
import type { UpgradeView } from "./upgrade-view.ts";

export interface StatusFacts {
  environment: string;
  inventory: Inventory;
  upgrade: UpgradeView | null;
  locks?: Lock[];
  /** Left out where nobody looked. */
  backups?: BackupsView;
  groups?: GroupView[];
  alerts?: AlertsView;
}

export function drawStatus({
  environment,
  inventory,
  upgrade,
  locks = [],
  backups,
  groups = [],
  alerts,
}: StatusFacts): string[] {
  const lines = [`${environment}, seen ${new Date(inventory.readAt).toISOString()}`];
  for (const lock of locks) lines.push(`  ${lock.server === null ? "" : `"${lock.server}" is `}${lockedBy(lock)}`);
  for (const seen of inventory.loadBalancers) lines.push(`  ${drawLoadBalancer(seen)}`);
  for (const seen of inventory.applications) lines.push(`  ${drawApplication(seen)}`);
  for (const seen of inventory.databases) lines.push(`  ${drawDatabase(seen)}`);
  for (const { address, why } of inventory.hosts?.silent ?? []) {
    lines.push(`  ${head({ name: "?", address })} SILENT: ${oneLine(why)}; whatever it holds is not shown here`);
  }
  if (backups) lines.push("", ...drawBackupSummary(backups));
  lines.push(...groups.map(drawGroupSummary));
  const raised = alerts ? drawRaised(alerts) : [];
  if (raised.length > 0) lines.push("", ...raised);
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
  return `${head(record)} release ${installed?.release ?? "none"}, pool ${record.labels.slot}, web ${roles.web}${worker}${drawTemplate(record)}${kept}`;
}

/** Only what is not as it should be is more than a name. */
function drawTemplate(record: ServerRecord): string {
  const seen = seenTemplate(record);
  if (!seen) return "";
  if (seen.state === "operational") return `, ${seen.template}`;
  return `, ${seen.template} ${seen.state.toUpperCase()}${seen.stranded ? ` at ${seen.stranded.at}` : ""}`;
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
