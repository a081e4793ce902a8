/** How people name a revision of a template: `app@3`, or `app` for the head. */
import { z } from "zod";
import type { TemplateRef } from "../launch.ts";
import { templateName } from "./manifest.ts";

const NAMED = /^([a-z][a-z0-9-]{0,30})(?:@([1-9][0-9]{0,8}))?$/;

export interface NamedTemplate {
  name: string;
  /** Null is the head. */
  revision: number | null;
}

/** In environment files and on the command line. */
export const namedTemplate = z.string().regex(NAMED, "must be NAME@REVISION, such as app@3");

/** Null when it is none. */
export function readNamed(text: string): NamedTemplate | null {
  const [, name, revision] = NAMED.exec(text) ?? [];
  return name === undefined ? null : { name, revision: revision === undefined ? null : Number(revision) };
}

export const sayTemplate = ({ name, revision }: NamedTemplate): string => `${name}@${revision ?? "head"}`;

/** As steps carry it. */
export const templateRef = z.strictObject({
  name: templateName,
  revision: z.int().min(1).nullable(),
  hash: z.string().regex(/^[0-9a-f]{16,64}$/),
}) satisfies z.ZodType<TemplateRef>;
