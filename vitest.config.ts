import { defineConfig } from 'vitest/config'

/** What needs no server: `npm run test:unit` takes seconds. */
const unit = ['test/unit/**/*.test.ts', 'test/*.test.ts']
/** What looks at a run of all the others. */
const wholeRun = ['test/whole-run/*.test.ts']

export default defineConfig({
  test: {
    // they end what hangs: a compiler or a package manager takes its time on a busy machine
    testTimeout: 90_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    // most tests wait for servers: more files at once than there are cores
    maxWorkers: 3,
    projects: [
      { extends: true, test: { name: 'unit', include: unit } },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: [...unit, ...wholeRun],
          globalSetup: ['test/support/global-setup.ts'],
          setupFiles: ['test/support/trace-fetch.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'whole-run', include: wholeRun, sequence: { groupOrder: 1 } },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'html', 'json-summary'],
      reportsDirectory: '.tmp/coverage',
      reportOnFailure: true,
    },
  },
})
