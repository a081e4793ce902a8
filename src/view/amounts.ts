/** Draws amounts of data for eyes. */

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** Three digits at most: "482 MB", "1.2 GB". */
export function bytes(amount: number | null): string {
  if (amount === null) return "not measured";
  let [value, unit] = [amount, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
