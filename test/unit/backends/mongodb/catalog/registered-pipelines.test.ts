import { describe, expect, test } from 'vitest'
import { buildPipelines } from '../../../../../src/backends/mongodb/catalog/registered-pipelines.ts'
import { readFunctionRegistry } from '../../../../../src/backends/registry/read-function-registry.ts'
import type { CatalogRelation } from '../../../../../src/schema/catalog.ts'

const films: CatalogRelation = {
  schema: 'cinema',
  name: 'films',
  kind: 'table',
  description: null,
  canInsert: true,
  canUpdate: true,
  canDelete: true,
  primaryKey: ['_id'],
  columns: [],
  isClosed: false,
}

function build(definition: Record<string, unknown>) {
  const registry = readFunctionRegistry(JSON.stringify([{ name: 'f', ...definition }]))
  if (!registry.ok) throw new Error(registry.error.join())
  const { routines, unusable, functions } = buildPipelines(registry.value, 'cinema', [films])
  return { routine: routines[0], cause: unusable[0]?.cause ?? null, built: functions[0] }
}

describe('a registered pipeline', () => {
  test('is a routine of the first database', () => {
    const { routine, built } = build({
      volatility: 'stable',
      params: [{ name: 'since', type: 'int' }],
      returns: { kind: 'setof', type: 'films' },
      collection: 'films',
      pipeline: [{ $match: { year: { $gte: { $param: 'since' } } } }],
    })
    expect(routine).toMatchObject({
      schema: 'cinema',
      name: 'f',
      definition: 0,
      volatility: 'stable',
      parameters: [{ name: 'since', type: 'integer' }],
      returns: { kind: 'composite', isSet: true, type: { schema: 'cinema', name: 'films' } },
    })
    expect(built).toMatchObject({ kind: 'callable', collection: 'films', columns: [] })
  })

  test('may have columns that nobody knows', () => {
    const { built } = build({ returns: { kind: 'setof' }, collection: 'films', pipeline: [] })
    expect(built).toMatchObject({ columns: null })
  })

  test('may name what the request is like', () => {
    const pipeline = [{ $documents: [{ r: { $param: 'request_role' } }] }]
    expect(build({ pipeline })).toMatchObject({ cause: null })
  })

  test.each([
    [{ sql: 'select 1' }, 'a function is a pipeline here, not SQL'],
    [{ pipeline: [{ $match: {} }] }, 'is over a collection: this is neither'],
    [{ collection: 'films', pipeline: [{ $documents: [] }] }, 'is over a collection: this is both'],
    [
      { collection: 'films', pipeline: [{ $where: 1 }], params: [{ name: 'a', type: 'nope' }] },
      'type "nope" does not exist',
    ],
    [
      { collection: 'films', pipeline: [{ $merge: 'x' }], volatility: 'stable' },
      'cannot execute $merge in a read-only transaction',
    ],
    [{ collection: 'films', pipeline: [{ $limit: { $param: 'a' } }] }, 'there is no parameter a'],
    [
      { collection: 'films', pipeline: [], returns: { kind: 'setof', type: 'fims' } },
      'type "fims" does not exist',
    ],
  ])('that cannot be called says why: %j', (definition, cause) => {
    const { built, cause: told } = build(definition)
    expect(told).toContain(cause)
    expect(built).toMatchObject({ kind: 'broken', failure: { message: told } })
  })
})
