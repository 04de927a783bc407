import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // The default leaves one of two cores idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/crash/**/*.test.ts'],
          testTimeout: 10_000,
          // Half of the time went into loading the same modules for every file.
          isolate: false,
        },
      },
      {
        test: { name: 'durability', include: ['test/durability/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: { name: 'wire', include: ['test/wire/**/*.test.ts'], testTimeout: 180_000 },
      },
    ],
  },
});
