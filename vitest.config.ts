/** How the tests run: quick ones first, then those with real processes; always two files at once, on any machine. */
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
    ],
  },
});
