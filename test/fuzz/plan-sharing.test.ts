/**
 * Requests that share a plan would have got an equal one each: what the shape of a request leaves
 * out may only be values. And whatever is asked, compiling it shows none of them.
 *
 * Rounds of damage to the same requests make many that differ in values, and many that nearly do.
 */
import { expect, test } from 'vitest'
import { createAccessControl } from '../../src/access/access-control.ts'
import { openPlan } from '../../src/access/apply-rules.ts'
import { createPlanCache } from '../../src/access/plan-cache.ts'
import { dumpSnapshot } from '../../src/admin/dump-snapshot.ts'
import { parseRequest, type RawRequest } from '../../src/api/parse-request.ts'
import { compilePlan } from '../../src/backends/postgres/compile/compile-postgres.ts'
import { bindPostgres } from '../../src/backends/postgres/compile/postgres-statement.ts'
import { ok } from '../../src/core/result.ts'
import { planRequest } from '../../src/plan/plan-request.ts'
import { defaultPlanOptions } from '../support/plan-of.ts'
import { describeSnapshot, representation } from '../support/snapshot.ts'
import { campaignSize } from './campaign-size.ts'
import { unboundText } from './check-log.ts'
import { mutateTarget } from './encode-target.ts'
import { modelOfDump } from './fuzz-model.ts'
import { type FuzzRequest, requestAt } from './generate-request.ts'
import { createRandom } from './random.ts'

const { seed } = campaignSize(0)
const rounds = 15
const bases = Number(process.env['FUZZ_REQUESTS'] ?? 9_000) / rounds

const snapshot = describeSnapshot({
  schemas: ['api', 'extra'],
  relations: {
    films:
      'id:integer!, title:text, year:integer, data:jsonb, tags:text[], shade:api.color/integer, director_id:integer, sequel_of:integer',
    directors: 'id:integer!, name:text',
    actors: 'id:integer!, name:text, home:api.place~',
    roles: 'film_id:integer!, actor_id:integer!, name:text',
    'Odd "Names"': 'Row Id:integer!, a.b:text, select:integer',
    'extra.films': 'id:integer!, title:text',
  },
  foreignKeys: [
    'films(director_id) -> directors(id)',
    'films(sequel_of) -> films(id)',
    'roles(film_id) -> films(id)',
    'roles(actor_id) -> actors(id)',
  ],
  computed: [{ routine: 'sequels', origin: 'films', target: 'films' }],
  representations: [
    representation('text', 'api.color', 'api.color'),
    representation('json', 'api.color', 'api.color'),
    representation('api.color', 'json', 'api.json'),
  ],
  routines: [
    { name: 'add', parameters: 'a:integer, b:integer?' },
    { name: 'films_of', parameters: 'director:integer', returns: 'setof table films' },
    { name: 'joined', parameters: 'words:text[]*', returns: 'text' },
    { name: 'whole', parameters: ':json', returns: 'json' },
    { name: 'twice', parameters: 'a:integer' },
    { name: 'twice', parameters: 'a:integer, b:text' },
  ],
})

const options = {
  ...defaultPlanOptions,
  policyRegistry: null,
  openapiMode: 'follow-privileges',
} as const
const anyone = { role: '', isAuthenticated: false }

function rawOf({ method, target, headers, body }: FuzzRequest): RawRequest {
  const [path = '', query = ''] = target.split(/\?(.*)/s)
  const lines = headers.map(([name, value]) => [name.toLowerCase(), value] as const)
  return { method, path, query, headers: lines, body: body ?? new Uint8Array(0) }
}

test(`requests from seed ${seed}, each in ${rounds} rounds`, { timeout: 600_000 }, () => {
  const model = modelOfDump(dumpSnapshot(snapshot), { films: ['title_length'] })
  const cache = createPlanCache(100_000, createAccessControl())
  let planned = 0
  let shared = 0
  for (let index = 0; index < bases; index += 1) {
    const base = requestAt(index, { model, seed, authorizations: [], writes: true })
    const random = createRandom(seed, index)
    const seen = new Set<unknown>()
    for (let round = 0; round < rounds; round += 1) {
      const target = round === 0 ? base.target : mutateTarget(base.target, random)
      const parsed = parseRequest(rawOf({ ...base, target }), {
        dbSchemas: ['api', 'extra'],
        dbRootSpec: null,
        openapiMode: 'follow-privileges',
        dbTxEnd: 'commit-allow-override',
      })
      if (!parsed.ok) continue
      const known = cache.plan(parsed.value, snapshot, options, anyone)
      const fresh = planRequest(parsed.value, snapshot, options)
      expect(known, target).toEqual(fresh.ok ? ok(openPlan(fresh.value, snapshot)) : fresh)
      if (!known.ok) continue
      const { plan } = known.value
      if (plan.kind === 'inspect' || plan.kind === 'info') continue
      planned += 1
      if (seen.has(known)) shared += 1
      seen.add(known)
      const { main } = compilePlan(plan)
      expect(unboundText(main.text), target).toBe(null)
      expect(bindPostgres(main, parsed.value), target).toHaveLength(main.types.length)
    }
  }
  // else it would say nothing
  expect(planned).toBeGreaterThan(bases)
  expect(shared).toBeGreaterThan(bases / 2)
})
