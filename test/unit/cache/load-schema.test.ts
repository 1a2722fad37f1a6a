/** Which questions one look at the database takes. */
import { expect, test } from 'vitest'
import { type LoadOrder, loadSchema } from '../../../src/cache/load-schema.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import { catalog, options } from '../schema/sample-catalog.ts'

const previous = buildSnapshot(catalog({ schemaVersion: 'v1' }), options, 1, new Date(0))

/** What was asked, then how it ended. */
async function asked(version: string, order: Partial<LoadOrder>, loadsWhatChanged = true) {
  const questions: string[] = []
  const { signal } = new AbortController()
  const result = await loadSchema(
    {
      depth: 'check',
      options,
      previous,
      loadedAt: new Date(0),
      mustLoad: false,
      look: 'whole',
      ...order,
    },
    { signal, guard: (work) => work, end: () => undefined },
    {
      reader: {
        loadsWhatChanged,
        schemaVersion: async () => {
          questions.push('version')
          return version
        },
        introspect: async ({ depth }) => {
          questions.push(depth)
          return catalog({ schemaVersion: version })
        },
      },
      buildSnapshot: async (...parts) => buildSnapshot(...parts),
      stopwatch: () => 0,
    },
  )
  return [...questions, result.kind].join(' ')
}

test.each<[string, Partial<LoadOrder>, string, string]>([
  ['looks once', {}, 'load unchanged', 'load loaded'],
  ['asks where little is enough', { look: 'quick' }, 'version unchanged', 'version load loaded'],
  [
    'compares under the options of the snapshot',
    { options: { ...options, dbSchemas: ['other'] } },
    'version unchanged',
    'version load loaded',
  ],
  ['loads what it must', { mustLoad: true }, 'load loaded', 'load loaded'],
  ['loads in full', { depth: 'full' }, 'full loaded', 'full loaded'],
  ['loads the first time', { previous: null }, 'load loaded', 'load loaded'],
])('a check on a database that loads what changed: %s', async (_, order, unmoved, moved) => {
  expect(await asked('v1', order)).toBe(unmoved)
  expect(await asked('v2', order)).toBe(moved)
})

test('a check elsewhere asks for the version first', async () => {
  expect(await asked('v1', {}, false)).toBe('version unchanged')
  expect(await asked('v2', {}, false)).toBe('version load loaded')
})
