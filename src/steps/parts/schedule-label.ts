/** Reads and writes, on the servers themselves, whether scheduled backups run. */
import { isInService, scheduleOn } from "../../model/backup.ts";
import type { ServerRecord } from "../../model/provider.ts";
import type { World } from "../../model/world.ts";

const LABEL = "backups";

export async function sayBackups(world: World, record: ServerRecord, on: boolean): Promise<void> {
  const value = on ? "on" : "off";
  if (record.labels[LABEL] === value) return;
  await world.provider.relabel(record.environment, record.name, { ...record.labels, [LABEL]: value });
}

/** What is not as it should be: on for those in service, and for no other. */
export async function wrongSchedules(world: World): Promise<string[]> {
  return (await databaseRecords(world)).flatMap((record) => {
    const [wanted, on] = [isInService(record), scheduleOn(record) === true];
    if (wanted === on) return [];
    return [`scheduled backups ${on ? "run on" : "do not run on"} "${record.name}"`];
  });
}

export const databaseRecords = async ({ provider, environment }: World): Promise<ServerRecord[]> =>
  (await provider.list(environment)).filter(({ kind }) => kind === "database");
