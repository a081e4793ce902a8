/** What a provider can make servers of: images and sizes, each with the architectures of the machines it is for. */

/** As `uname -m` says it. */
export const ARCHITECTURES = ["x86_64", "aarch64", "i686", "armv7l"] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

const BITS: Record<Architecture, 32 | 64> = { x86_64: 64, aarch64: 64, i686: 32, armv7l: 32 };

export interface CatalogueImage {
  /** As templates and environment files name it. */
  name: string;
  architectures: readonly Architecture[];
}

export interface CatalogueSize {
  name: string;
  architectures: readonly Architecture[];
  cores: number;
  memoryMiB: number;
  /** Of the disk on which a server's folder lies. */
  diskMiB: number;
}

/** The preferred one first. Where servers share a machine there is one image and one size: that machine's own. */
export interface Catalogue {
  images: readonly CatalogueImage[];
  sizes: readonly CatalogueSize[];
}

/** Null for one that nobody here knows. A machine of 64 bits may have a system of 32. */
export function architectureOf(machine: string, bits: number): Architecture | null {
  const family = (
    [
      [/^(x86_64|amd64|i[3-6]86)$/, { 64: "x86_64", 32: "i686" }],
      [/^(aarch64|arm64|armv[78]l?)$/, { 64: "aarch64", 32: "armv7l" }],
    ] as const
  ).find(([pattern]) => pattern.test(machine))?.[1];
  return family?.[bits === 32 ? 32 : 64] ?? null;
}

/** "x86_64 (64 bit) or i686 (32 bit)" */
export const sayArchitectures = (all: readonly Architecture[]): string =>
  all.map((one) => `${one} (${BITS[one]} bit)`).join(" or ");
