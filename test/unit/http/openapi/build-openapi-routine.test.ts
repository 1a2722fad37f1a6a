import { describe, expect, test } from 'vitest'
import { runAtOnce } from '../../../../src/core/run-in-slices.ts'
import { buildRoutinePaths } from '../../../../src/http/openapi/build-openapi-routine.ts'
import { jsonObject } from '../../../../src/http/openapi/json-text.ts'
import type { Routine } from '../../../../src/schema/catalog.ts'
import { describeSnapshot, type RoutineDescription } from '../../../support/snapshot.ts'

function routinesOf(...routines: readonly RoutineDescription[]): readonly Routine[] {
  return [...describeSnapshot({ routines }).routines.values()].flat()
}

function pathsOf(routines: readonly Routine[]) {
  return JSON.parse(jsonObject(runAtOnce(buildRoutinePaths(routines))))
}

describe('the path of a function', () => {
  test('takes arguments in a body, and in the query where it writes nothing', () => {
    const paths = pathsOf(
      routinesOf({ name: 'add', parameters: 'a:integer, b:bigint?', volatility: 'immutable' }),
    )
    const shared = {
      produces: [
        'application/json',
        'application/vnd.pgrst.object+json;nulls=stripped',
        'application/vnd.pgrst.object+json',
      ],
      responses: { 200: { description: 'OK' } },
      tags: ['(rpc) add'],
    }
    expect(paths).toEqual({
      '/rpc/add': {
        get: {
          ...shared,
          parameters: [
            { format: 'int32', in: 'query', name: 'a', required: true, type: 'integer' },
            { format: 'int64', in: 'query', name: 'b', required: false, type: 'integer' },
          ],
        },
        post: {
          ...shared,
          parameters: [
            {
              in: 'body',
              name: 'args',
              required: true,
              schema: {
                properties: {
                  a: { format: 'int32', type: 'integer' },
                  b: { format: 'int64', type: 'integer' },
                },
                required: ['a'],
                type: 'object',
              },
            },
            { $ref: '#/parameters/preferParams' },
          ],
        },
      },
    })
  })

  test.each([
    ['volatile', ['post']],
    ['stable', ['get', 'post']],
    ['immutable', ['get', 'post']],
  ] as const)('of a %s function has the methods %j', (volatility, methods) => {
    const paths = pathsOf(routinesOf({ name: 'f', volatility }))
    expect(Object.keys(paths['/rpc/f'])).toEqual(methods)
  })

  test('without parameters asks for none', () => {
    const paths = pathsOf(routinesOf({ name: 'f', volatility: 'stable' }))
    expect(paths['/rpc/f'].get).not.toHaveProperty('parameters')
    expect(paths['/rpc/f'].post.parameters[0].schema).toEqual({ type: 'object' })
  })

  test('takes arrays and documents as strings in the query', () => {
    const paths = pathsOf(
      routinesOf({ name: 'f', parameters: 'a:text[], b:json', volatility: 'stable' }),
    )
    expect(paths['/rpc/f'].get.parameters).toEqual([
      { format: 'text[]', in: 'query', name: 'a', required: true, type: 'string' },
      { format: 'json', in: 'query', name: 'b', required: true, type: 'string' },
    ])
    expect(paths['/rpc/f'].post.parameters[0].schema.properties).toEqual({
      a: { format: 'text[]', items: { type: 'string' }, type: 'array' },
      b: { format: 'json' },
    })
  })

  test('takes a variadic as a repeated key', () => {
    const paths = pathsOf(
      routinesOf({ name: 'f', parameters: 'v:text[]?*', volatility: 'immutable' }),
    )
    expect(paths['/rpc/f'].get.parameters).toEqual([
      {
        collectionFormat: 'multi',
        in: 'query',
        items: { format: 'text', type: 'string' },
        name: 'v',
        required: false,
        type: 'array',
      },
    ])
  })

  test('takes a variadic of documents as strings', () => {
    const paths = pathsOf(
      routinesOf({ name: 'f', parameters: 'v:json[]?*', volatility: 'immutable' }),
    )
    const [{ items }] = paths['/rpc/f'].get.parameters
    expect(items).toEqual({ format: 'json', type: 'string' })
  })

  test('asks in the query for what can be told by a name', () => {
    const paths = pathsOf(
      routinesOf(
        { name: 'whole', parameters: ':json', volatility: 'immutable' },
        { name: 'keys', parameters: 'select:text, order:text', volatility: 'immutable' },
      ),
    )
    expect(paths['/rpc/whole'].get).not.toHaveProperty('parameters')
    expect(paths['/rpc/keys'].get.parameters).toMatchObject([
      { name: '"select"' },
      { name: '"order"' },
    ])
  })

  test('keeps the order of its parameters whatever their names', () => {
    const [, text] =
      runAtOnce(
        buildRoutinePaths(routinesOf({ name: 'f', parameters: 'b:text, 1:text, a:text' })),
      )[0] ?? []
    expect(text).toMatch(/"b":.*"1":.*"a":/)
  })

  test('is that of the overload with the most parameters', () => {
    const routines = routinesOf(
      { name: 'f', parameters: 'a:integer, b:integer' },
      { name: 'f', parameters: 'a:integer' },
      { name: 'f' },
    )
    for (const order of [routines, routines.toReversed()]) {
      const paths = pathsOf(order)
      expect(Object.keys(paths)).toEqual(['/rpc/f'])
      expect(paths['/rpc/f'].post.parameters[0].schema.required).toEqual(['a', 'b'])
    }
  })

  test('shows the comment in parts, and whole with the arguments', () => {
    const [routine] = routinesOf({ name: 'f' })
    if (routine === undefined) throw new Error('no routine')
    const description = 'summary\n\ndetails'
    const { post } = pathsOf([{ ...routine, description }])['/rpc/f']
    expect(post).toMatchObject({ summary: 'summary', description: 'details' })
    expect(post.parameters[0].schema.description).toBe(description)
  })

  test('comes in the order of names', () => {
    const routines = routinesOf({ name: 'b' }, { name: 'a' }, { name: 'c' })
    expect(Object.keys(pathsOf(routines.toReversed()))).toEqual(['/rpc/a', '/rpc/b', '/rpc/c'])
  })
})
