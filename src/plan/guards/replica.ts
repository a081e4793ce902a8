/** Guards about the replicas: as far as the primary, by position, and able to keep up with it. */
import { type Guard, refuses } from "./guard.ts";

export const replicaInSync: Guard = {
  name: "the replica is in sync",
  finds({ blue, definition, readiness }) {
    const late = blue.replicas.flatMap(({ record: { name } }) => {
      const seen = readiness.sync[name];
      if (!seen) return [`${name} does not run`];
      if (seen.reached) return [];
      return [
        seen.error === null
          ? `${name} did not reach position ${seen.position} of ${blue.primary.record.name} within ${seen.withinMs / 1000} s`
          : `${name} stopped before position ${seen.position}: ${seen.error}`,
      ];
    });
    return late.length > 0 ? refuses(late.join("; "), `changeover status ${definition.environment}`) : null;
  },
};

/** In the window the replica must come up with the migrated primary before the public is let in. */
export const replicaParallel: Guard = {
  name: "the replica applies several transactions at once",
  finds({ blue, to, definition, readiness }) {
    const slow = blue.replicas
      .map(({ record }) => record.name)
      .filter((name) => (readiness.databases[name]?.applierThreads ?? 2) < 2);
    if (slow.length === 0) return null;
    return refuses(
      `single-threaded: ${slow.join(", ")}; a busy primary writes faster than one thread applies`,
      `restart the database of ${slow.join(", ")}, whose own file asks for several, then: ` +
        `changeover plan ${definition.environment} --to ${to}`,
    );
  },
};
