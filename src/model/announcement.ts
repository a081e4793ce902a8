/** The text that tells people of a window before it comes. Pure. */

const PLACES = ["environment", "from", "to", "start", "minutes"] as const;
type Place = (typeof PLACES)[number];

/** A place in braces that nobody fills; undefined when all are known. */
export const unknownPlace = (text: string): string | undefined =>
  [...text.matchAll(/\{([^{}]*)\}/g)].map(([, name = ""]) => name).find((name) => !PLACES.some((one) => one === name));

export const announce = (text: string, facts: Record<Place, string>): string =>
  text.replaceAll(/\{([a-z]+)\}/g, (whole, name: string) => facts[name as Place] ?? whole);

/** As people there write it, with the zone. */
export function startIn(zone: string, at: number): string {
  const written = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return `${written.format(at)} (${zone})`;
}
