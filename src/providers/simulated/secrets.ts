/** The secrets of a simulated environment: known to everybody, and no two environments have one in common. */
export const secretOf = (environment: string, name: string): string => `simulated-${environment}-${name}`;
