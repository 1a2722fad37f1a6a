import { describe, expect, test } from 'vitest'
import { readFunctionRegistry } from '../../../../src/backends/registry/read-function-registry.ts'

function read(value: unknown) {
  return readFunctionRegistry(JSON.stringify(value))
}

describe('readFunctionRegistry', () => {
  test('knows the least that a function needs', () => {
    expect(read([{ name: 'f', sql: 'select 1' }])).toEqual({
      ok: true,
      value: [
        {
          name: 'f',
          comment: null,
          volatility: 'volatile',
          parameters: [],
          returns: { kind: 'scalar', type: null },
          body: { kind: 'sql', statements: ['select 1'] },
        },
      ],
    })
  })

  test('and all that it may have', () => {
    const given = [
      {
        name: 'f',
        comment: 'what it does',
        volatility: 'stable',
        params: [
          { name: 'a' },
          { name: 'b', type: 'int', optional: true },
          { name: 'c', type: 'json', default: null },
          { name: 'd', type: 'int', variadic: true, optional: true },
        ],
        returns: { kind: 'table', columns: [{ name: 'x', type: 'int' }, { name: 'y' }] },
        sql: ['select 1', 'select 2'],
      },
      {
        name: 'g',
        params: [{ name: 'body', type: 'json', rawBody: true }],
        returns: { kind: 'void' },
        collection: 'films',
        pipeline: [{ $match: { a: { $param: 'body' } } }],
      },
    ]
    const plain = { isRequired: true, defaultJson: null, isVariadic: false, isRawBody: false }
    expect(read(given)).toMatchObject({
      ok: true,
      value: [
        {
          volatility: 'stable',
          parameters: [
            { ...plain, name: 'a', type: 'text' },
            { ...plain, name: 'b', type: 'int', isRequired: false },
            { ...plain, name: 'c', type: 'json', isRequired: false, defaultJson: 'null' },
            { ...plain, name: 'd', type: 'int[]', isRequired: false, isVariadic: true },
          ],
          returns: {
            kind: 'table',
            columns: [
              { name: 'x', type: 'int' },
              { name: 'y', type: null },
            ],
          },
          body: { kind: 'sql', statements: ['select 1', 'select 2'] },
        },
        {
          parameters: [{ ...plain, name: 'body', type: 'json', isRawBody: true }],
          returns: { kind: 'void' },
          body: {
            kind: 'pipeline',
            collection: 'films',
            pipelineJson: '[{"$match":{"a":{"$param":"body"}}}]',
          },
        },
      ],
    })
  })

  const withParams = (...params: unknown[]) => [{ name: 'f', sql: 'select 1', params }]
  const returning = (returns: unknown) => [{ name: 'f', sql: 'select 1', returns }]

  test.each<[unknown, string]>([
    [{}, '$ is an object, it should be a list'],
    [[{ sql: 'select 1' }], '$[0] has no name'],
    [[{ name: 'f' }], '$[0] has to have either sql, or a pipeline, which may be over a collection'],
    [
      [{ name: 'f', sql: 'select 1', collection: 'a', pipeline: [] }],
      '$[0] has to have either sql, or a pipeline, which may be over a collection',
    ],
    [[{ name: 'f', sql: [] }], '$[0].sql is an empty list, it should be a list of at least one'],
    [
      [{ name: 'f', sql: 'select 1', volatility: 'stabel' }],
      '$[0].volatility is "stabel", it should be one of volatile, stable, immutable',
    ],
    [
      withParams({ name: 'a', typ: 'int' }),
      '$[0].params[0].typ is not known: known are name, type, optional, default, variadic, rawBody',
    ],
    [withParams({ name: 'a', type: 1 }), '$[0].params[0].type is 1, it should be a text'],
    [withParams({ name: 'a' }, { name: 'a' }), '$[0].params[1] has the name of another: a'],
    [
      withParams({ name: 'a', variadic: true }, { name: 'b' }),
      '$[0].params[0] is variadic, but not the last',
    ],
    [
      withParams({ name: 'a', rawBody: true }, { name: 'b' }),
      '$[0].params[0] is a rawBody, but not the only one',
    ],
    [
      withParams({ name: 'a', variadic: true, rawBody: true }),
      '$[0].params[0] is either variadic or a rawBody',
    ],
    [
      withParams({ name: 'a', optional: false, default: 1 }),
      '$[0].params[0] has a default, so it is optional',
    ],
    [
      returning({ kind: 'void', type: 'int' }),
      '$[0].returns is void, which has no type and no columns',
    ],
    [
      returning({ kind: 'scalar', columns: [{ name: 'a' }] }),
      '$[0].returns is scalar, which has no columns',
    ],
    [returning({ kind: 'table' }), '$[0].returns is a table, which has to have columns'],
    [
      returning({ kind: 'table', type: 'films' }),
      '$[0].returns is a table, which has columns in place of a type',
    ],
    [
      returning({ kind: 'table', columns: [{ name: 'a' }, { name: 'a' }] }),
      '$[0].returns.columns names a twice',
    ],
    [
      returning({ kind: 'object', type: 'films', columns: [{ name: 'a' }] }),
      '$[0].returns has either a type or columns',
    ],
  ])('refuses %j', (given, problem) => {
    expect(read(given)).toEqual({ ok: false, error: [problem] })
  })

  test('refuses a default that is nested too deeply', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const text = `[{"name":"f","sql":"select 1","params":[{"name":"a","default":${deep}}]}]`
    expect(readFunctionRegistry(text)).toEqual({
      ok: false,
      error: ['$[0].params[0].default is nested too deeply'],
    })
  })

  test('refuses what is no JSON, and a key that is there twice', () => {
    expect(readFunctionRegistry('[')).toMatchObject({ ok: false })
    expect(readFunctionRegistry('[{"name": "f", "name": "g", "sql": "select 1"}]')).toEqual({
      ok: false,
      error: ['$[0].name is there twice'],
    })
  })
})
