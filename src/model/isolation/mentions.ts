/** What a text of one environment names of another one: its names, its addresses, its secrets. */
import { type Claim, dnsNames, floatingAddresses, hostNames, machines, networks } from "./claims.ts";
import type { Footprint, Place, PlacedText } from "./footprint.ts";
import { mentionsAddress, mentionsName, mentionsNetwork } from "./spelling.ts";
import { leadingTexts } from "./texts.ts";

export interface Mention {
  /** The text that names it. */
  text: Pick<PlacedText, "at" | "name">;
  /** What it names: never a secret's value. */
  named: Claim;
}

/** In texts of the first what is the second one's. */
export function mentions(teller: Footprint, told: Footprint): Mention[] {
  const handles = handlesOf(told, teller);
  return askable(teller).flatMap((text) =>
    handles
      .filter((handle) => !areSame(text, handle) && text.has(handle.standsIn))
      .map(({ at, value }) => ({ text: { at: text.at, name: text.name }, named: { at, value } })),
  );
}

type StandsIn = (text: string) => boolean;

interface Askable extends Pick<PlacedText, "at" | "name"> {
  has(standsIn: StandsIn): boolean;
  /** Of a credential's value. */
  digest?: string;
}

interface Handle extends Claim {
  standsIn: StandsIn;
  /** Of a credential's value. */
  digest?: string;
}

/** Two credentials with one value are another kind of thing, and may be meant. */
const areSame = (one: { digest?: string }, other: { digest?: string }): boolean =>
  one.digest !== undefined && one.digest === other.digest;

const askable = (of: Footprint): Askable[] => [
  ...[...leadingTexts(of.definition), ...of.inputs].map(({ at, name, text }) => ({
    ...{ at, name },
    has: (standsIn: StandsIn) => standsIn(text),
  })),
  ...of.credentials.map(({ name, holds, digest }) => ({
    ...{ at: credentialPlace(of, name), name: `credential ${name}`, digest },
    has: (standsIn: StandsIn) => holds(standsIn),
  })),
];

export const credentialPlace = ({ environment }: Footprint, name: string): Place => ({
  command: `changeover credential set ${environment} ${name}`,
});

function handlesOf(of: Footprint, teller: Footprint): Handle[] {
  const by = (claims: Claim[], stands: (text: string, value: string) => boolean): Handle[] =>
    claims.map(({ at, value }) => ({ at, value, standsIn: (text) => stands(text, value) }));
  const { sharedCredentials } = of.definition.isolation;
  return [
    ...by([...hostNames(of), ...dnsNames(of)], mentionsName),
    ...by(floatingAddresses(of), mentionsAddress),
    ...by(networks(of), mentionsNetwork),
    ...by(machines(of, teller), (text, value) => mentionsName(text, value) || mentionsAddress(text, value)),
    ...of.secrets.map(({ name, standsIn }) => ({ ...ownSecret(of, name), standsIn })),
    ...of.credentials
      .filter(({ name }) => !sharedCredentials.includes(name))
      .map(({ name, standsIn, digest }) => ({
        ...{ at: credentialPlace(of, name), value: `the value of credential "${name}"`, standsIn, digest },
      })),
  ];
}

/** Made by us and gone with the environment: nobody sets it. */
export const ownSecret = ({ environment }: Footprint, name: string): Claim => ({
  at: { command: `changeover down ${environment}` },
  value: `the secret "${name}"`,
});
