/**
 * What SQLite has no way to define, and so nothing can ask for: requests that would use it elsewhere
 * are answered as ones that name something unknown, never as if it were there.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Feature, features } from '../../../src/schema/capabilities.ts'
import { type EnforcedAt, enforcement } from '../../../src/schema/enforcement.ts'
import { signJwt, testSecret } from '../../support/sign-jwt.ts'
import { serveSqlite } from '../../support/sqlite-database.ts'

let api: Awaited<ReturnType<typeof serveSqlite>>
beforeAll(async () => {
  api = await serveSqlite(
    `create table films (id integer primary key, title text, colour app_colour);
    insert into films values (1, 'Arrival', '#0000ff');`,
    { jwtSecret: Buffer.from(testSecret) },
  )
})
afterAll(() => api.stop())

const rows = [{ id: 1, title: 'Arrival', colour: '#0000ff' }]

async function ask(target: string, headers: Readonly<Record<string, string>> = {}) {
  const authorization = `Bearer ${await signJwt({ role: 'reader' })}`
  const { status, body } = await api.get(target, { authorization, ...headers })
  return { status, body }
}

const evidence: Readonly<Record<EnforcedAt<'inexpressible'>, () => Promise<void>>> = {
  async computedFields() {
    const asked = await ask('/films?select=full_title')
    expect(asked).toMatchObject({ status: 400, body: { code: '42703' } })
  },
  async customMedia() {
    const asked = await ask('/films', { accept: 'application/x-film' })
    expect(asked).toMatchObject({ status: 406, body: { code: 'PGRST107' } })
  },
  async domainRepresentations() {
    expect(await ask('/films?colour=eq.%230000ff')).toEqual({ status: 200, body: rows })
  },
  async schemas() {
    const asked = await ask('/films', { 'accept-profile': 'other' })
    expect(asked).toMatchObject({ status: 406, body: { code: 'PGRST106' } })
  },
  async roles() {
    for (const role of ['reader', 'nobody']) {
      const authorization = `Bearer ${await signJwt({ role })}`
      expect(await ask('/films', { authorization })).toEqual({ status: 200, body: rows })
    }
  },
}

test.each(Object.entries(evidence))('%s', (_, shows) => shows())

test('every feature that is inexpressible is shown to be', () => {
  const { grades } = api.snapshot().capabilities
  const place = (feature: Feature) => enforcement[feature].at
  const inexpressible = features.filter((feature) => place(feature) === 'inexpressible')
  expect(Object.keys(evidence).sort()).toEqual([...inexpressible].sort())
  for (const feature of inexpressible) {
    // these come with a registry, and there is none here
    const isRegistered = feature === 'roles' || feature === 'computedFields'
    expect(grades[feature]).toBe(isRegistered ? 'emulated' : 'unsupported')
  }
})
