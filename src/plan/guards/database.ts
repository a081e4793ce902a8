/** Guards about who is the primary and who follows it. */
import { type Guard, refuses, type Wish } from "./guard.ts";

export const oneWritablePrimary: Guard<Wish> = {
  name: "one writable primary",
  finds({ blue, definition }) {
    const writable = [blue.primary, ...blue.replicas]
      .filter(({ health }) => health.writable)
      .map(({ record }) => record.name);
    if (writable.length === 1 && writable[0] === blue.primary.record.name) return null;
    return refuses(`writable: ${writable.join(", ") || "none"}`, `changeover status ${definition.environment}`);
  },
};

export const replicaFollows: Guard<Wish> = {
  name: "a replica follows the primary",
  finds: ({ blue, definition }) =>
    blue.replicas.some(({ health }) => health.replicating && health.following === blue.primary.record.address)
      ? null
      : refuses("no replica replicates from the primary", `changeover status ${definition.environment}`),
};
