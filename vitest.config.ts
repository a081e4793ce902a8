/** How the tests run: quick ones first, then real processes, then, when asked for, the long ones; always two files at once. */
import { defineConfig } from "vitest/config";

// Left alone, it would leave one of two cores to itself.
const shared = { maxWorkers: 2, globals: false, passWithNoTests: false, environment: "node" };

export default defineConfig({
  test: {
    ...shared,
    teardownTimeout: 60_000,
    reporters: ["default", "./test/reporter.ts"],
    projects: [
      {
        test: {
          ...shared,
          name: "quick",
          include: ["test/tidy.test.ts", "test/{unit,laws,scenarios}/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: "real",
          include: ["test/{contract,crash,real}/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: "long",
          include: ["test/long/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
