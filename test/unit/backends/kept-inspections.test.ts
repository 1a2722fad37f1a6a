import { expect, test } from 'vitest'
import type { Inspection, RequestContext } from '../../../src/backends/backend.ts'
import {
  keepInspections,
  type StatedInspection,
} from '../../../src/backends/postgres/execute/kept-inspections.ts'
import type { InspectPlan } from '../../../src/plan/plan.ts'
import { loadTestConfig } from '../../support/load-test-config.ts'
import { planOf, requestOf } from '../../support/plan-of.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const snapshot = describeSnapshot({ relations: { films: 'id:integer', actors: 'id:integer' } })
const config = loadTestConfig({})

function request(choices: Partial<RequestContext> = {}): [InspectPlan, RequestContext] {
  const plan = planOf(snapshot, 'GET /', {})
  if (!plan.ok || plan.value.kind !== 'inspect') throw new Error('not an inspection')
  const context: RequestContext = {
    snapshot,
    config,
    request: requestOf(snapshot, 'GET /', {}),
    role: 'someone',
    isAuthenticated: false,
    claims: '{}',
    signal: new AbortController().signal,
    ...choices,
  }
  return [plan.value, context]
}

function done(): Inspection {
  return { kind: 'done', relations: null, routines: [], schemaDescription: null, statements: [] }
}

/** A database in a state, and how often it was inspected. */
function database(mostNames = 100) {
  const self = {
    state: '1' as string | null,
    inspections: 0,
    at: 0,
    inspected: done,
    signals: [] as boolean[],
    claims: [] as string[],
  }
  const inspect = keepInspections({
    async inspect(_, { signal, claims }): Promise<StatedInspection> {
      self.inspections += 1
      self.claims.push(claims)
      self.signals.push(signal.aborted)
      const { state } = self
      await Promise.resolve()
      return { inspection: self.inspected(), state }
    },
    readState: async () => self.state,
    now: () => self.at,
    mostNames,
  })
  return { self, ask: (choices?: Partial<RequestContext>) => inspect(...request(choices)) }
}

test('an inspection is kept while the state is the same', async () => {
  const { self, ask } = database()
  const first = await ask()
  expect(await ask()).toBe(first)
  self.state = '2'
  const second = await ask()
  expect(second).not.toBe(first)
  expect(await ask()).toBe(second)
  expect(self.inspections).toBe(2)
})

test('those who wait at the same time share one that begins after they asked', async () => {
  const { self, ask } = database()
  const all = await Promise.all(Array.from({ length: 20 }, () => ask()))
  expect(new Set(all).size).toBeLessThanOrEqual(2)
  // as in a database that is written to all the time
  self.state = '2'
  const others = await Promise.all(Array.from({ length: 20 }, () => ask()))
  expect(new Set(others).size).toBeLessThanOrEqual(2)
  expect(self.inspections).toBeLessThanOrEqual(4)
})

test('it is kept for two seconds at most', async () => {
  const { self, ask } = database()
  const first = await ask()
  self.at = 1999
  expect(await ask()).toBe(first)
  self.at = 2000
  expect(await ask()).not.toBe(first)
})

test.each<[string, Partial<RequestContext>]>([
  ['role', { role: 'someone else' }],
  ['configuration', { config: loadTestConfig({}) }],
  ['snapshot', { snapshot: describeSnapshot({}) }],
])('another %s has another one', async (_, choices) => {
  const { ask } = database()
  const first = await ask()
  expect(await ask(choices)).not.toBe(first)
})

test.each<[string, Partial<RequestContext>]>([
  ['of a state that is like no other', {}],
  [
    'with a pre-request function',
    { config: loadTestConfig({ env: { PGRST_DB_PRE_REQUEST: 'f' } }) },
  ],
  ['whose statements are logged', { config: loadTestConfig({ env: { PGRST_LOG_QUERY: 'true' } }) }],
])('none is kept %s', async (_, choices) => {
  const { self, ask } = database()
  if (choices.config === undefined) self.state = null
  const first = await ask(choices)
  expect(await ask(choices)).not.toBe(first)
})

test('a failure is not kept', async () => {
  const { self, ask } = database()
  self.inspected = () => ({ kind: 'schema-moved' })
  expect(await ask()).toEqual({ kind: 'schema-moved' })
  self.inspected = done
  expect(await ask()).toMatchObject({ kind: 'done' })
})

test('the oldest goes where there are too many names', async () => {
  // two relations each
  const { self, ask } = database(5)
  const first = await ask({ role: 'a' })
  const second = await ask({ role: 'b' })
  const third = await ask({ role: 'c' })
  expect(self.inspections).toBe(3)
  expect(await ask({ role: 'c' })).toBe(third)
  expect(await ask({ role: 'b' })).toBe(second)
  expect(await ask({ role: 'a' })).not.toBe(first)
})

test('what is done for others too does not end with the client that came first', async () => {
  const { self, ask } = database()
  const client = new AbortController()
  const asked = ask({ signal: client.signal })
  client.abort()
  const inspection = await asked
  expect(self.signals).toEqual([false])
  expect(await ask()).toBe(inspection)
})

test('an inspection is made in the name of who asks for it', async () => {
  const { self, ask } = database()
  await ask({ claims: '{"sub":"a"}' })
  self.state = '2'
  await ask({ claims: '{"sub":"b"}' })
  expect(self.claims).toEqual(['{"sub":"a"}', '{"sub":"b"}'])
})

test('roles whose inspections fail have no place for ever', async () => {
  const { self, ask } = database()
  const first = await ask()
  self.inspected = () => ({ kind: 'schema-moved' })
  for (let role = 0; role < 70; role += 1) await ask({ role: `nobody ${role}` })
  self.inspected = done
  expect(await ask()).not.toBe(first)
})
