/** The shape of a launch, for what comes from outside: a plan's steps. */
import { z } from "zod";
import { credentialName } from "../credential.ts";
import { inputName, itemSchema } from "../inputs/value.ts";
import { inputLevels, type Launch, type LaunchValue } from "../launch.ts";
import { catalogueName } from "./manifest.ts";
import { templateRef } from "./reference.ts";

const launchValue = z.union([
  itemSchema,
  z.strictObject({ key: credentialName }),
  z.strictObject({ array: z.array(itemSchema) }),
]) satisfies z.ZodType<LaunchValue>;

export const launchValues = z.record(inputName, launchValue);

export const launch = z.strictObject({
  template: templateRef,
  image: catalogueName.nullable(),
  size: catalogueName.nullable(),
  inputs: z.record(inputName, z.strictObject({ value: launchValue, level: z.enum(inputLevels), from: z.string() })),
}) satisfies z.ZodType<Launch>;
