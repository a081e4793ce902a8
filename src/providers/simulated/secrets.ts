/** The secrets of a simulated environment: known to everybody, and no two environments have one in common. */
export const SECRETS = ["database.app", "database.migrate", "database.replication", "tester"];

export const secretOf = (environment: string, name: string): string => `simulated-${environment}-${name}`;

/** Whatever somebody might have set. */
export const credentialOf = (name: string): string => `simulated-${name}`;
