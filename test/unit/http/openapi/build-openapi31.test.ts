import { spawnSync } from 'node:child_process'
import { validate } from '@readme/openapi-parser'
import { describe, expect, test } from 'vitest'
import { runAtOnce } from '../../../../src/core/run-in-slices.ts'
import { buildOpenapi31 } from '../../../../src/http/openapi/build-openapi31.ts'
import { componentName } from '../../../../src/http/openapi/openapi31-schemas.ts'
import { compileClient } from '../../../support/compile-client.ts'
import { loadTestConfig } from '../../../support/load-test-config.ts'
import { describeSnapshot } from '../../../support/snapshot.ts'

const odd = ['Order Details', 'a/b~c', '{id}', '50%#?', 'say "so"', 'a.b->c', '映画', '__proto__']

const snapshot = describeSnapshot({
  relations: {
    directors: 'id:integer!, name:text!',
    films:
      'id:bigint!^, title:text!, mood:api.mood{calm|wild}, tags:text[], info:jsonb, director_id:integer!, made:date!=now(), order:text, a.b:text',
    totals: {
      columns: 'n:bigint',
      kind: 'view',
      canInsert: false,
      canUpdate: false,
      canDelete: false,
    },
    notes: { columns: 'id:text!', isClosed: false },
    ...Object.fromEntries(odd.map((name) => [name, `id:integer!, ${name}:text`])),
  },
  foreignKeys: ['films(director_id) -> directors(id)'],
  routines: [
    { name: 'search', parameters: 'q:text, n:integer?', returns: 'setof table films' },
    {
      name: 'sum',
      parameters: 'all:integer[]*',
      returns: 'integer',
      volatility: 'stable',
    },
    { name: 'raw', parameters: ':json', returns: 'void' },
  ],
})

function documentOf(isSecured = false) {
  const text = runAtOnce(
    buildOpenapi31(
      {
        snapshot,
        relations: [...snapshot.relations.values()],
        routines: [...snapshot.routines.values()].flat(),
        schemaDescription: 'Films\nand who made them',
        host: 'api.example:3000',
      },
      { ...loadTestConfig({}), openapiSecurityActive: isSecured },
    ),
  )
  return JSON.parse(text)
}

describe('the document of OpenAPI 3.1', () => {
  test.each([false, true])('is valid, whatever is named (secured: %s)', async (isSecured) => {
    const result = await validate(documentOf(isSecured))
    expect(result.valid ? [] : result.errors).toEqual([])
  })

  test('says of rows, inserts and updates what each may be', () => {
    const { schemas } = documentOf().components
    expect(schemas.films.required).toEqual(['id', 'title', 'director_id', 'made'])
    expect(schemas.films.properties).toMatchObject({
      id: { type: 'integer', format: 'int64' },
      mood: { type: ['string', 'null'], enum: ['calm', 'wild', null] },
      tags: { type: ['array', 'null'], items: { type: 'string' } },
      director_id: { type: 'integer', description: expect.stringContaining('directors.id') },
    })
    expect(schemas.films.properties.info).not.toHaveProperty('type')
    expect(schemas['films.insert'].required).toEqual(['title', 'director_id'])
    expect(schemas['films.insert'].properties).not.toHaveProperty('id')
    expect(schemas['films.insert'].additionalProperties).toBe(false)
    expect(schemas['films.update']).not.toHaveProperty('required')
    expect(schemas['notes.insert']).not.toHaveProperty('additionalProperties')
  })

  test('has filters under the keys that filter, and writes where there are some', () => {
    const { paths, components } = documentOf()
    const named = paths['/films'].get.parameters.flatMap((each: object) =>
      'name' in each ? [each.name] : [],
    )
    expect(named).toEqual([
      ...['id', 'title', 'mood', 'tags', 'info', 'director_id', 'made', '"order"', '"a.b"'],
    ])
    expect(Object.keys(paths['/films'])).toEqual(['get', 'post', 'patch', 'delete'])
    expect(Object.keys(paths['/totals'])).toEqual(['get'])
    expect(paths['/films'].get.responses.default).toEqual({ $ref: '#/components/responses/Error' })
    expect(components.schemas['answer.error'].required).toEqual(['code', 'message'])
  })

  test('describes functions by their arguments and what they return', () => {
    const { paths } = documentOf()
    const { post } = paths['/rpc/search']
    expect(post.requestBody.content['application/json'].schema).toMatchObject({
      properties: { q: { type: 'string' }, n: { type: 'integer' } },
      required: ['q'],
    })
    expect(post.responses[200].content['application/json'].schema).toEqual({
      type: 'array',
      items: { $ref: '#/components/schemas/films' },
    })
    expect(paths['/rpc/search']).not.toHaveProperty('get')
    expect(paths['/rpc/sum'].get.parameters).toMatchObject([{ schema: { type: 'array' } }])
    expect(Object.keys(paths['/rpc/raw'].post.responses)).toEqual(['204', 'default'])
  })

  test('asks for a token where the configuration says so, and names itself and its server', () => {
    const { info, servers, security, components } = documentOf(true)
    expect(info).toMatchObject({ title: 'Films', description: 'and who made them' })
    expect(servers).toEqual([{ url: 'http://api.example:3000/' }])
    expect(security).toEqual([{ JWT: [] }])
    expect(components.securitySchemes.JWT).toMatchObject({ type: 'http', scheme: 'bearer' })
    expect(documentOf()).not.toHaveProperty('security')
  })

  test('names of components never meet', () => {
    expect(componentName('a b')).toBe('a.20.b')
    expect(componentName('a.20.b')).toBe('a.2e.20.2e.b')
    expect(componentName('films.insert')).not.toBe(componentName('films', 'insert'))
    expect(componentName('answer.error')).toBe('answer.2e.error')
  })
})

/**
 * Its command, `bin/cli.js` of the package. It is no dependency: it wants a TypeScript older than ours,
 * which npm does not put beside it.
 */
const generator = process.env['TEST_OPENAPI_TYPESCRIPT']
if (generator === undefined) {
  process.stderr.write(
    'openapi-typescript is not tried: TEST_OPENAPI_TYPESCRIPT names no command\n',
  )
}

test.skipIf(generator === undefined)('what openapi-typescript makes of it compiles', () => {
  const { paths, ...document } = documentOf()
  // it decodes the names of paths twice
  const known = Object.entries(paths).filter(([path]) => !path.includes('%25'))
  const { stdout } = spawnSync(process.execPath, [generator ?? ''], {
    input: JSON.stringify({ ...document, paths: Object.fromEntries(known) }),
    encoding: 'utf8',
  })
  const program = [
    "import type { components } from './document.ts'",
    "type Schemas = components['schemas']",
    "export const film: Schemas['films.insert'] = { title: 'Dune', director_id: 1, mood: null }",
    '// @ts-expect-error',
    "export const wrong: Schemas['films.insert'] = { titel: 'Dune', director_id: 1 }",
    "export const row = (film: Schemas['films']): string => film.title",
  ]
  expect(compileClient({ 'document.ts': stdout, 'client.ts': program.join('\n') })).toBe('')
})
