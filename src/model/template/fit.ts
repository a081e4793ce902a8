/** Whether a template, an image, a size and what the scripts need go together on a provider. Pure. */
import { type Architecture, ARCHITECTURES, type Catalogue, sayArchitectures } from "./catalogue.ts";
import type { Manifest } from "./manifest.ts";

export interface FitWish {
  /** Null: whatever the template prefers and the provider has. */
  image: string | null;
  size: string | null;
}

export interface Fit {
  image: string | null;
  size: string | null;
  architecture: Architecture | null;
  /** Each names the two that do not go together; none when all is well. */
  contradictions: string[];
}

/** What is for some architectures only. */
interface Bound {
  what: string;
  architectures: readonly Architecture[];
}

export function fitOf(manifest: Manifest, wish: FitWish, catalogue: Catalogue): Fit {
  const shares = (left: readonly Architecture[], right: readonly Architecture[]) =>
    left.some((one) => right.includes(one));
  const image = choose(
    { kind: "image", manifest, wished: wish.image, listed: manifest.images, held: catalogue.images },
    (one) => shares(one.architectures, manifest.architectures),
  );
  const machine = image.found?.architectures ?? ARCHITECTURES;
  const size = choose(
    { kind: "size", manifest, wished: wish.size, listed: manifest.sizes, held: catalogue.sizes },
    (one) => shares(one.architectures, machine) && tooSmall(manifest, one).length === 0,
  );
  const bounds: Bound[] = [
    { what: `template "${manifest.name}"`, architectures: manifest.architectures },
    ...(image.found ? [{ what: `image "${image.found.name}"`, architectures: image.found.architectures }] : []),
    ...(size.found ? [{ what: `size "${size.found.name}"`, architectures: size.found.architectures }] : []),
    ...manifest.runtime.map(({ check, architectures = ARCHITECTURES }) => ({
      what: `runtime check "${check}"`,
      architectures,
    })),
  ];
  const common = ARCHITECTURES.filter((one) => bounds.every(({ architectures }) => architectures.includes(one)));
  return {
    image: image.found?.name ?? null,
    size: size.found?.name ?? null,
    architecture: common[0] ?? null,
    contradictions: [
      ...image.contradictions,
      ...size.contradictions,
      ...(common.length > 0 ? [] : apart(bounds)),
      ...(size.found ? tooSmall(manifest, size.found) : []),
    ],
  };
}

interface Choice<T> {
  found: T | null;
  contradictions: string[];
}

interface Choosing<T> {
  kind: "image" | "size";
  manifest: Manifest;
  wished: string | null;
  listed: readonly string[];
  held: readonly T[];
}

/** The first one that is good; where none is, the first one, so that it can be told what is wrong with it. */
function choose<T extends { name: string }>(
  { kind, manifest: { name: template }, wished, listed, held }: Choosing<T>,
  isGood: (one: T) => boolean,
): Choice<T> {
  const has = held.length === 0 ? `no ${kind} at all` : held.map(({ name }) => name).join(", ");
  const wanted = wished === null ? listed : [wished];
  const all = wanted.length === 0 ? held : wanted.flatMap((name) => held.find((one) => one.name === name) ?? []);
  const found = all.find(isGood) ?? all[0];
  const contradictions: string[] = [];
  if (wished !== null && listed.length > 0 && !listed.includes(wished)) {
    contradictions.push(`${kind} "${wished}" is none of template "${template}", which names ${listed.join(", ")}`);
  }
  if (!found) {
    const asked = wanted.length > 0 ? `${kind} "${wanted.join('" or "')}"` : `any ${kind}`;
    contradictions.push(`the provider does not have ${asked}; it has ${has}`);
  }
  return { found: found ?? null, contradictions };
}

/** The first pair that shares nothing says most; where each pair shares something, all of them together do not. */
function apart(bounds: readonly Bound[]): string[] {
  const pairs = bounds.flatMap((left, at) => bounds.slice(at + 1).map((right) => [left, right] as const));
  const found = pairs.filter(([left, right]) => !left.architectures.some((one) => right.architectures.includes(one)));
  const say = ({ what, architectures }: Bound) => `${what} is for ${sayArchitectures(architectures)}`;
  if (found.length > 0) return found.map(([left, right]) => `${say(left)}, and ${say(right)}`);
  return [`no architecture is common to all: ${bounds.map(say).join("; ")}`];
}

function tooSmall({ name, needs }: Manifest, size: { name: string } & Manifest["needs"]): string[] {
  const parts = [
    ["cores", "cores"],
    ["memoryMiB", "MiB of memory"],
    ["diskMiB", "MiB of disk"],
  ] as const;
  return parts
    .filter(([key]) => size[key] < needs[key])
    .map(([key, unit]) => `size "${size.name}" has ${size[key]} ${unit}, and template "${name}" needs ${needs[key]}`);
}
