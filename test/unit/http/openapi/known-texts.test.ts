/** What a document says of a relation is made anew exactly where a reload changed what it rests on. */
import { expect, test } from 'vitest'
import { runAtOnce } from '../../../../src/core/run-in-slices.ts'
import { buildRelationTexts } from '../../../../src/http/openapi/build-openapi.ts'
import { buildSnapshot } from '../../../../src/schema/build-snapshot.ts'
import type { Catalog } from '../../../../src/schema/catalog.ts'
import {
  capabilities,
  catalog,
  column,
  key,
  options,
  relation,
} from '../../schema/sample-catalog.ts'

const before = catalog({
  relations: [relation('actors'), relation('films'), relation('roles')],
  foreignKeys: [key('film_fkey', 'roles(film_id)', 'films(id)')],
})
const unsupported = { ...capabilities.grades, insert: 'unsupported' } as const

test.each<[string, Partial<Catalog>, readonly string[]]>([
  ['nothing', {}, []],
  [
    'a column',
    {
      relations: before.relations.map((each) =>
        each.name === 'films' ? relation('films', ['id'], { columns: [column('id')] }) : each,
      ),
    },
    ['films'],
  ],
  [
    'a key',
    { foreignKeys: [...before.foreignKeys, key('fk', 'roles(name)', 'actors(id)')] },
    // where the keys of roles lead too, which might have become a junction
    ['actors', 'films', 'roles'],
  ],
  [
    'what the engine can do',
    { capabilities: { ...capabilities, grades: unsupported } },
    ['actors', 'films', 'roles'],
  ],
  ['what is not said in it', { schemaVersion: 'v2', unusableRoutines: [] }, []],
])('%s changes', (_, change, expected) => {
  const known = new WeakMap()
  const first = buildSnapshot(before, options, 1, new Date(1))
  const texts = runAtOnce(buildRelationTexts(first, 'test', known))
  const second = buildSnapshot({ ...before, ...change }, options, 2, new Date(2), first)
  const later = runAtOnce(buildRelationTexts(second, 'test', known))
  const made = later.filter((each) => !texts.includes(each))
  expect(made.map((each) => each.key.replace('test\0', ''))).toEqual(expected)
  expect(later).toEqual(runAtOnce(buildRelationTexts(second, 'test', new WeakMap())))
})
