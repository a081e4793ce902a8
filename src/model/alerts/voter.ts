/** Under which name an alert votes on the size of a scaling group: each server that it watches is a voter of its own. */

const SYNTHETIC = " (synthetic)";

export const voterOf = (alert: string, target: string, synthetic: boolean): string =>
  `${alert} ${target}${synthetic ? SYNTHETIC : ""}`;
