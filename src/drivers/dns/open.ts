/** The name server that an environment file names: a real DNS server, or a hosts file. */
import type { Clock } from "../../model/clock.ts";
import type { EnvironmentDefinition } from "../../model/environment.ts";
import type { NameServer } from "../../model/dns-name.ts";
import { placeOfNames } from "../../model/names.ts";
import { createDnsNames } from "./driver.ts";
import { createHostsFile } from "./hosts-file.ts";

export interface NamesParts {
  definition: EnvironmentDefinition;
  clock: Clock;
  credential(name: string): string;
  /** A path as the environment file means it. */
  beside(path: string): string;
}

/** Throws a Problem when it names none. */
export function openNames({ definition, clock, credential, beside }: NamesParts): NameServer {
  const place = placeOfNames(definition);
  if (place.kind === "hosts-file") return createHostsFile({ path: beside(place.path) });
  const { server, zone, key } = place;
  const { environment } = definition;
  return createDnsNames({ environment, server, zone, key, clock, secret: () => credential(key.credential) });
}
