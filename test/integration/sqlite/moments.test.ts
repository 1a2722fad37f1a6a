/**
 * Dates, times and uuids compare by value on SQLite, in whatever form a program stored them: every
 * form that programs use, against operands in every spelling, judged by the moments that both were
 * made from.
 */
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readRawCatalog } from '../../../src/backends/sqlite/child/read-raw-catalog.ts'
import { registerFunctions } from '../../../src/backends/sqlite/child/sqlite-functions.ts'
import { createRandom } from '../../fuzz/random.ts'
import { serveSqlite } from '../../support/sqlite-database.ts'

const random = createRandom(20240229)
const start = Date.UTC(2024, 1, 27)

/** Milliseconds, many of them close to each other. */
const moments = Array.from({ length: 120 }, () => {
  const day = random.int(0, 3) * 86_400_000
  const clock = random.pick([0, 0, 43_200_000, 86_399_000, random.int(0, 86_399) * 1000])
  return start + day + clock + random.pick([0, 0, 0, 1, 500, 999])
})

function withZone(ms: number, hours: number, separator: string): string {
  const shifted = new Date(ms + hours * 3_600_000).toISOString().slice(0, -1)
  const sign = hours < 0 ? '-' : '+'
  return `${shifted.replace('T', separator)}${sign}${String(Math.abs(hours)).padStart(2, '0')}:00`
}

const forms: Readonly<Record<string, (ms: number) => string>> = {
  blank: (ms) =>
    `'${new Date(ms).toISOString().slice(0, -1).replace('T', ' ').replace('.000', '')}'`,
  javascript: (ms) => `'${new Date(ms).toISOString()}'`,
  east: (ms) => `'${withZone(ms, 2, ' ')}'`,
  zones: (ms) => `'${withZone(ms, random.int(-11, 12), random.pick(['T', ' ']))}'`,
  seconds: (ms) => String(ms / 1000),
  milliseconds: (ms) => String(ms),
  julian: (ms) => (ms / 86_400_000 + 2440587.5).toFixed(9),
}
const names = [...Object.keys(forms), 'mixed', 'later']

function stored(name: string, ms: number): string {
  const form = forms[name] ?? forms[random.pick(Object.keys(forms))]
  return form === undefined ? 'null' : form(ms)
}

function insertInto(name: string, form = name): string {
  const rows = moments.map((ms, id) => `(${id}, ${stored(form, ms)}, ${stored(form, ms)})`)
  return `insert into ${name} values ${rows.join(', ')}, (999, null, null);`
}

let api: Awaited<ReturnType<typeof serveSqlite>>

beforeAll(async () => {
  const tables = names.map(
    (name) => `create table ${name} (id integer primary key, indexed datetime, plain timestamptz);
      create index ${name}_at on ${name} (indexed); ${name === 'later' ? '' : insertInto(name)}`,
  )
  api = await serveSqlite(
    `${tables.join('\n')}
    create table days (id integer primary key, day date, at time);
    create index days_day on days (day);
    insert into days values (1, '2024-02-28', '09:00:00'), (2, '2024-02-29', '10:00'),
      (3, '2024-02-29T23:30:00-05:00', '10:00:00.5'), (4, '2024-02-29 00:00:00', '24:00:00'),
      (5, ${Date.UTC(2024, 1, 29, 12) / 1000}, 'noon'), (6, '2024-03-01', null), (7, null, null),
      (8, 'soon', '23:59:59.999999');
    create table ends (id integer primary key, day date, at timestamp, plain date);
    insert into ends select column1, column2, column2, column2 from (values (1, 'infinity'),
      (2, 'Infinity'), (3, '-infinity'), (4, '-Infinity'), (5, '2024-02-29'), (6, 'INFINITY'));
    create index ends_day on ends (day);
    create table stamps (id integer primary key, at timestamp default current_timestamp);
    insert into stamps values (1, '2024-02-29 11:59:59'), (2, '2024-02-29 12:00:00'), (3, '2024-02-29 12:00:01');
    create table keys (id integer primary key, u uuid);
    create table odd_keys (id integer primary key, u uuid);
    insert into keys values (1, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), (2, 'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11');
    insert into odd_keys values (1, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'), (2, '{b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'),
      (3, 'a0EEbc99-9c0b-4ef8-bb6d-6bb9bd380a11'), (4, x'a0eebc999c0b4ef8bb6d6bb9bd380a11'), (5, null);
    create index keys_u on keys (u);`,
    { logQuery: true },
  )
  // what comes after the load is of no form that the sample told
  api.file.exec(insertInto('later', 'mixed'))
})

afterAll(() => api.stop())

async function ids(target: string): Promise<readonly number[]> {
  const { status, body, text } = await api.get(target)
  expect(status, text).toBe(200)
  return (body as readonly { readonly id: number }[]).map(({ id }) => id)
}

const tests: Readonly<Record<string, (value: number, operand: number) => boolean>> = {
  eq: (value, operand) => value === operand,
  neq: (value, operand) => value !== operand,
  gt: (value, operand) => value > operand,
  gte: (value, operand) => value >= operand,
  lt: (value, operand) => value < operand,
  lte: (value, operand) => value <= operand,
}

function spelled(ms: number): string {
  const iso = new Date(ms).toISOString()
  return random.pick([
    iso,
    iso.slice(0, -1),
    iso.replace('T', ' '),
    withZone(ms, 2, 'T'),
    withZone(ms, -8, ' '),
    iso.replace(/[-:]/g, ''),
  ])
}

describe.each(['day', 'at', 'plain'])('infinities in whatever letters: %s', (column) => {
  test.each<[string, readonly number[]]>([
    ['eq.infinity', [1, 2, 6]],
    ['eq.-infinity', [3, 4]],
    ['neq.infinity', [3, 4, 5]],
    ['gt.2024-01-01', [1, 2, 5, 6]],
    ['gt.2024-02-29', [1, 2, 6]],
    ['gte.infinity', [1, 2, 6]],
    ['gt.infinity', []],
    ['lt.infinity', [3, 4, 5]],
    ['lte.infinity', [1, 2, 3, 4, 5, 6]],
    ['lt.2024-01-01', [3, 4]],
    ['lte.-infinity', [3, 4]],
    ['gte.-infinity', [1, 2, 3, 4, 5, 6]],
    ['in.(infinity,2024-02-29)', [1, 2, 5, 6]],
    ['not.in.(infinity)', [3, 4, 5]],
    ['isdistinct.infinity', [3, 4, 5]],
  ])('%s', async (filter, expected) => {
    expect(await ids(`/ends?select=id&${column}=${filter}&order=id`)).toEqual(expected)
  })
})

describe.each(names)('moments stored as %s', (name) => {
  test.each(['indexed', 'plain'])('are found by value: %s', async (column) => {
    for (let round = 0; round < 25; round += 1) {
      const operand = random.pick(moments) + random.pick([0, 0, 0, 1, -1, 3_600_000])
      for (const [operator, holds] of Object.entries(tests)) {
        const filter = `${column}=${operator}.${encodeURIComponent(spelled(operand))}`
        const expected = moments.flatMap((ms, id) => (holds(ms, operand) ? [id] : []))
        expect(await ids(`/${name}?select=id&${filter}&order=id`), filter).toEqual(expected)
      }
      const others = [operand, random.pick(moments)]
      const list = others.map((ms) => encodeURIComponent(`"${spelled(ms)}"`)).join(',')
      const inList = moments.flatMap((ms, id) => (others.includes(ms) ? [id] : []))
      expect(await ids(`/${name}?select=id&${column}=in.(${list})&order=id`)).toEqual(inList)
      const notInList = moments.flatMap((ms, id) => (others.includes(ms) ? [] : [id]))
      expect(await ids(`/${name}?select=id&${column}=not.in.(${list})&order=id`)).toEqual(notInList)
      const any = `gt(any).{${list}}`
      const afterOne = moments.flatMap((ms, id) => (ms > Math.min(...others) ? [id] : []))
      expect(await ids(`/${name}?select=id&${column}=${any}&order=id`)).toEqual(afterOne)
    }
    const distinct = `${column}=isdistinct.${encodeURIComponent(spelled(moments[0] ?? 0))}`
    const different = moments.flatMap((ms, id) => (ms === moments[0] ? [] : [id]))
    expect(await ids(`/${name}?select=id&${distinct}&order=id`)).toEqual([...different, 999])
  })

  test('sort by value', async () => {
    const byValue = moments
      .map((_, id) => id)
      .sort((a, b) => (moments[a] ?? 0) - (moments[b] ?? 0) || a - b)
    expect(await ids(`/${name}?select=id&order=indexed,id`)).toEqual([...byValue, 999])
  })
})

describe('dates, times and uuids', () => {
  test.each([
    ['days?day=eq.2024-02-29', [2, 3, 4, 5]],
    ['days?day=eq.20240229', [2, 3, 4, 5]],
    ['days?day=eq.2024-2-29T10:00:00Z', [2, 3, 4, 5]],
    ['days?day=gt.2024-02-29', [6]],
    ['days?day=gte.2024-02-29', [2, 3, 4, 5, 6]],
    ['days?day=lt.2024-02-29', [1]],
    ['days?day=lte.2024-02-29', [1, 2, 3, 4, 5]],
    ['days?day=lt.infinity', [1, 2, 3, 4, 5, 6]],
    ['days?day=gt.-infinity', [1, 2, 3, 4, 5, 6]],
    ['days?day=in.(2024-02-28,2024-3-1)', [1, 6]],
    ['days?day=not.in.(2024-02-28,2024-3-1)', [2, 3, 4, 5, 8]],
    ['days?at=eq.10:00:00', [2]],
    ['days?at=gt.1000', [3, 4, 8]],
    ['days?at=gte.24:00', [4]],
    ['days?at=in.(09:00,23:59:59.999999)', [1, 8]],
    ['stamps?at=gte.2024-02-29T12:00:00.000Z', [2, 3]],
    ['stamps?at=eq.2024-02-29T14:00:00%2B02:00', [2]],
    ['stamps?at=gt.2024-02-29', [1, 2, 3]],
    ['keys?u=eq.A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', [1]],
    ['keys?u=neq.%7BA0EEBC999C0B4EF8BB6D6BB9BD380A11%7D', [2]],
    ['keys?u=in.(A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11,b0eebc999c0b4ef8bb6d6bb9bd380a11)', [1, 2]],
    ['keys?u=gt.A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', [2]],
    ['odd_keys?u=eq.a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', [1, 3, 4]],
    ['odd_keys?u=eq(any).{a0eebc999c0b4ef8bb6d6bb9bd380a11}', [1, 3, 4]],
    ['odd_keys?u=not.in.(a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11)', [2]],
    ['odd_keys?u=gt.a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', [2]],
  ])('%s', async (target, expected) => {
    expect(await ids(`/${target}&select=id&order=id`)).toEqual(expected)
  })

  test.each([
    ['days?day=eq.2024-02-30', 400, '22008'],
    ['stamps?at=eq.2024-01-01T25:00', 400, '22008'],
    ['stamps?at=eq.soon', 400, '22007'],
    ['stamps?at=eq.2024-01-01T00:00%2B16', 400, '22009'],
    ['days?day=like.2024*', 404, '42883'],
    ['stamps?at=eq.Feb%2029%202024', 400, 'PGRST127'],
  ])('%s is refused', async (target, status, code) => {
    expect(await api.get(`/${target}`)).toMatchObject({ status, body: { code } })
  })
})

/** How SQLite would run the statement of a request, in its words. */
async function planOf(target: string): Promise<string> {
  const from = api.observations.length
  expect((await api.get(target)).status).toBe(200)
  const observed = api.observations.slice(from).find(({ kind }) => kind === 'queries')
  const [text] = observed?.kind === 'queries' ? observed.statements : []
  const db = new Database(api.file.path)
  try {
    registerFunctions(db)
    const statement = db.prepare<unknown[], { readonly detail: string }>(
      `EXPLAIN QUERY PLAN ${text}`,
    )
    const count = (text ?? '').split('?').length - 1
    const rows = statement.all(...Array.from({ length: count }, () => null))
    return rows.map(({ detail }) => detail).join('\n')
  } finally {
    db.close()
  }
}

describe('an index is used', () => {
  test.each([
    'blank?indexed=gte.2024-02-28T12:00:00Z',
    'blank?indexed=eq.2024-02-28',
    'blank?indexed=lt.2024-02-28',
    'seconds?indexed=gte.2024-02-28',
    'julian?indexed=eq.2024-02-28',
    'mixed?indexed=lte.2024-02-28',
    'days?day=eq.2024-02-28',
    'days?day=gt.2024-02-28',
    'days?day=lt.2024-02-28',
    'keys?u=eq.a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    'keys?u=in.(a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11)',
  ])('by %s', async (target) => {
    expect(await planOf(`/${target}`)).not.toMatch(/SCAN (?:main\.)?t1/)
  })

  test('to sort by a column of one form', async () => {
    expect(await planOf('/blank?order=indexed.desc&limit=5')).not.toContain('TEMP B-TREE')
  })
})

test('what is written gets the form of its column, and sorts with it', async () => {
  const json = { 'content-type': 'application/json' }
  const noon = new Date(start + 43_200_000).toISOString()
  for (const name of ['javascript', 'seconds', 'east']) {
    const body = JSON.stringify({ id: 1000, indexed: noon })
    const { status, text } = await api.get(`/${name}`, json, { method: 'POST', body })
    expect(status, text).toBe(201)
    const earlier = moments.flatMap((ms) => (ms < start + 43_200_000 ? [ms] : []))
    const sorted = await ids(`/${name}?select=id&order=indexed,id.desc`)
    expect(sorted.indexOf(1000), name).toBe(earlier.length)
  }
})

test('the text of a moment has a zone of whole hours without its minutes', async () => {
  const zoned = await serveSqlite(`create table zoned (id integer primary key, at timestamptz);
    insert into zoned values (1, '2024-02-29T12:00:00+00:00'), (2, '2024-02-29 12:00:00.5-05:00'),
      (3, '2024-02-29T12:00:00+05:30'), (4, '2024-02-29 12:00:00'), (5, 1709209800), (6, null);`)
  try {
    const { body } = await zoned.get('/zoned?select=at::text&order=id')
    expect(body).toEqual(
      [
        '2024-02-29 12:00:00+00',
        '2024-02-29 12:00:00.5-05',
        '2024-02-29 12:00:00+05:30',
        '2024-02-29 12:00:00',
        '1709209800',
        null,
      ].map((at) => ({ at })),
    )
  } finally {
    await zoned.stop()
  }
})

test('a sample is of the rows at both ends, whatever a column is called', () => {
  const db = new Database(':memory:')
  try {
    // the rows in the middle are the last ones to the column that has taken the name
    db.exec(`create table days (rowid int, at date);
      with recursive n (i) as (select 1 union all select i + 1 from n where i < 300)
      insert into days (rowid, at)
        select iif(i between 120 and 180, 1000, 0), iif(i between 120 and 180, 7, '2024-02-29') from n;
      create table unreachable (rowid int, _rowid_ int, oid int, at date);
      insert into unreachable (at) values ('2024-02-29')`)
    expect(readRawCatalog(db).storedForms).toEqual([
      { relation: 'days', column: 'at', form: '0000-00-00' },
      { relation: 'unreachable', column: 'at', form: 'mixed' },
    ])
  } finally {
    db.close()
  }
})
