import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createConnector } from '../../../src/backends/postgres/connect/connect-postgres.ts'
import { parseConnection } from '../../../src/backends/postgres/connect/parse-connection.ts'
import { BackendFailure } from '../../../src/errors/backend-failure.ts'
import { type Cluster, startCluster } from '../../support/postgres.ts'
import { connectorTo, connectTo, noSignal, step, texts } from '../../support/postgres-connector.ts'
import { startRefusingProxy } from '../../support/refusing-proxy.ts'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase('create table t (i int)')
})

afterAll(() => db.drop())

async function failureOf(attempt: Promise<unknown>): Promise<BackendFailure> {
  const failure = await attempt.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (!(failure instanceof BackendFailure)) throw new Error(`no BackendFailure: ${String(failure)}`)
  return failure
}

describe('batches', () => {
  test('answer every statement in order, and leave the connection idle', async () => {
    const connection = await connectTo(db.uri())
    const outcome = await connection.run([
      step('BEGIN'),
      step("select $1::text || 'b', null, 2", 'a'),
      step('insert into t values (1) returning i'),
      step('ROLLBACK'),
    ])
    expect(outcome).toMatchObject({ kind: 'done', state: 'idle' })
    if (outcome.kind !== 'done') throw new Error(outcome.kind)
    expect(outcome.results.map((result) => result.tag)).toEqual([
      'BEGIN',
      'SELECT 1',
      'INSERT 0 1',
      'ROLLBACK',
    ])
    expect(texts(outcome.results[1]?.rows ?? [])).toEqual([['ab', null, '2']])
    expect(connection.state).toBe('idle')
    await connection.end()
    expect(connection.isAlive).toBe(false)
  })

  test('stop at the first failure: what comes behind it is not run', async () => {
    const connection = await connectTo(db.uri())
    const outcome = await connection.run([
      step('BEGIN'),
      step('insert into t values (7)'),
      step('select 1/0'),
      step('insert into t values (8)'),
      step('COMMIT'),
    ])
    expect(outcome).toMatchObject({
      kind: 'failed',
      state: 'failed',
      error: { sqlState: '22012', message: 'division by zero', severity: 'ERROR' },
    })
    expect(connection.state).toBe('failed')
    expect(await connection.run([step('ROLLBACK')])).toMatchObject({ kind: 'done', state: 'idle' })
    expect(await db.query('select * from t')).toEqual([])
    await connection.end()
  })

  test('a COMMIT of a failed transaction is answered ROLLBACK, and tells so by its tag', async () => {
    const connection = await connectTo(db.uri())
    await connection.run([step('BEGIN'), step('select 1/0')])
    const outcome = await connection.run([step('COMMIT')])
    expect(outcome).toMatchObject({ kind: 'done', results: [{ tag: 'ROLLBACK' }], state: 'idle' })
    await connection.end()
  })

  test('pass bytes untouched, small and large', async () => {
    const connection = await connectTo(db.uri())
    const bytes = Buffer.from(Array.from({ length: 300 }, (_, at) => at % 256))
    const text = 'ü€😀'.repeat(400_000)
    const outcome = await connection.run([
      { ...step('select encode($1, $2)', bytes, 'hex'), types: [17, 25] },
      step('select $1::text', text),
      step("select repeat('x', 5000000), generate_series(1, 3)"),
    ])
    if (outcome.kind !== 'done') throw new Error(outcome.kind)
    const [hex, echoed, big] = outcome.results.map((result) => result.rows)
    expect(hex?.[0]?.[0]?.toString()).toBe(bytes.toString('hex'))
    expect(echoed?.[0]?.[0]?.equals(Buffer.from(text))).toBe(true)
    expect(big?.map((row) => [row[0]?.length, row[1]?.toString()])).toEqual([
      [5_000_000, '1'],
      [5_000_000, '2'],
      [5_000_000, '3'],
    ])
    await connection.end()
  })

  test('name columns on request', async () => {
    const connection = await connectTo(db.uri())
    const outcome = await connection.run([
      { ...step('select 1 as one, null as "Ü"'), keep: 'named-rows' },
    ])
    expect(outcome).toMatchObject({ results: [{ columns: ['one', 'Ü'] }] })
    await connection.end()
  })

  test('keep at most the prepared statements they may, the latest used', async () => {
    const connection = await connectTo(db.uri(), 10)
    for (let n = 0; n < 40; n += 1) await connection.run([step(`select ${n}`), step('select 1000')])
    const names = await connection.run([
      { ...step('select statement from pg_prepared_statements order by 1'), isPrepared: false },
    ])
    if (names.kind !== 'done') throw new Error(names.kind)
    const kept = texts(names.results[0]?.rows ?? []).flat()
    expect(kept).toHaveLength(10)
    expect(kept).toContain('select 1000')
    expect(kept).toContain('select 39')
    expect(kept).not.toContain('select 3')
    await connection.end()
  })

  test('know after a failure which statements the server has', async () => {
    const connection = await connectTo(db.uri(), 2)
    for (let n = 0; n < 5; n += 1) {
      const failing = [step(`select ${n}`), step('select * from missing'), step(`select 10 + ${n}`)]
      expect(await connection.run(failing)).toMatchObject({ error: { sqlState: '42P01' } })
      expect(await connection.run([step(`select 10 + ${n}`), step(`select ${n}`)])).toMatchObject({
        kind: 'done',
      })
    }
    await connection.end()
  })

  test.each([
    ['there is none of its name', '26000', 'deallocate all'],
    ['there is one of its name', '42P05', null],
  ])('tell a server that has others prepared: %s', async (_, sqlState, before) => {
    const connection = await connectTo(db.uri())
    const statement = step('insert into t values (9)')
    if (before === null) {
      // parsed under the very name that a second connection to the same server would give it
      const name = `dbrest_${createHash('sha256').update(statement.text).digest('hex').slice(0, 32)}`
      await connection.run([{ ...step(`prepare ${name} as select 1`), isPrepared: false }])
    } else {
      await connection.run([statement])
      await connection.run([{ ...step(before), isPrepared: false }])
    }
    await connection.run([{ ...step('delete from t'), isPrepared: false }])
    const outcome = await connection.run([{ ...step('BEGIN'), isPrepared: false }, statement])
    expect(outcome).toMatchObject({ error: { sqlState }, state: 'failed', namesDiffer: true })
    await connection.run([{ ...step('ROLLBACK'), isPrepared: false }])
    expect(await db.query('select * from t')).toEqual([])
    await connection.end()
  })

  test.each(['26000', '42P05'])('do not take a %s that is raised for one', async (sqlState) => {
    const connection = await connectTo(db.uri())
    const raise = step(`do $$ begin raise sqlstate '${sqlState}'; end $$`)
    for (let n = 0; n < 2; n += 1) {
      const outcome = await connection.run([raise])
      expect(outcome).toMatchObject({ error: { sqlState }, namesDiffer: false })
    }
    await connection.end()
  })

  test('leave no name behind where statements are not to be prepared', async () => {
    const connection = await connectTo(db.uri())
    const plain = { ...step('select count(*)::int from pg_prepared_statements'), isPrepared: false }
    const outcome = await connection.run([plain, plain])
    if (outcome.kind !== 'done') throw new Error(outcome.kind)
    expect(texts(outcome.results[1]?.rows ?? [])).toEqual([['0']])
    await connection.end()
  })
})

describe('in a new epoch', () => {
  /** A batch in an epoch that begins while the server answers DISCARD PLANS so, and one behind it. */
  async function runWith(sqlState: string) {
    const proxy = await startRefusingProxy(db.port, 'DISCARD PLANS', sqlState)
    onTestFinished(() => proxy.close())
    let epoch = 'a'
    const uri = `postgresql://postgres@127.0.0.1:${proxy.port}/${db.name}?sslmode=disable`
    const connection = await connectorTo(uri).connect({
      id: 'test',
      signal: noSignal,
      epoch: () => epoch,
    })
    onTestFinished(() => connection.end())
    await connection.run([step('select 1')])
    epoch = 'b'
    const first = await connection.run([step('select 2')])
    const second = await connection.run([step('select 3')])
    return { first, second, refused: proxy.refused() }
  }

  test('nothing is run where forgetting was cancelled, and the next batch forgets', async () => {
    expect(await runWith('57014')).toMatchObject({
      first: { kind: 'failed', error: { sqlState: '57014' }, results: [], state: 'idle' },
      second: { kind: 'failed', error: { sqlState: '57014' } },
      refused: 2,
    })
  })

  test('a pooler that does not know how to forget is asked once', async () => {
    expect(await runWith('08P01')).toMatchObject({
      first: { kind: 'done' },
      second: { kind: 'done' },
      refused: 1,
    })
  })
})

describe('cancelling', () => {
  test('an idle connection is nothing to be done', async () => {
    const connection = await connectTo(db.uri())
    expect(await connection.cancel()).toBe(true)
    expect(await connection.run([step('select 1')])).toMatchObject({ kind: 'done' })
    await connection.end()
  })

  test('ends the query, even one that has not been read yet, and is over before the next', async () => {
    const connection = await connectTo(db.uri())
    for (let n = 0; n < 5; n += 1) {
      const running = connection.run([step('BEGIN'), step('select pg_sleep(60)'), step('COMMIT')])
      expect(await connection.cancel()).toBe(true)
      expect(await running).toMatchObject({ kind: 'failed', error: { sqlState: '57014' } })
      expect(await connection.run([step('ROLLBACK'), step('select 1')])).toMatchObject({
        kind: 'done',
        state: 'idle',
      })
    }
    await connection.end()
  })
})

describe('a session that the server ends', () => {
  test('under a batch loses it, with what the server said', async () => {
    const connection = await connectTo(db.uri())
    const outcome = await connection.run([
      step('BEGIN'),
      step('select pg_terminate_backend(pg_backend_pid()), pg_sleep(10)'),
    ])
    expect(outcome).toMatchObject({
      kind: 'lost',
      cause: 'no connection to the server\n',
      error: { sqlState: '57P01' },
      notRun: false,
    })
    expect(connection.isAlive).toBe(false)
    expect(await connection.run([step('select 1')])).toMatchObject({ kind: 'lost', notRun: true })
  })

  test('while idle is told once, and crashes nothing', async () => {
    const connection = await connectTo(db.uri())
    const pid = await connection.run([step('select pg_backend_pid()')])
    if (pid.kind !== 'done') throw new Error(pid.kind)
    const lost = new Promise((resolve) => {
      connection.onLost((cause, error) => resolve([cause, error?.sqlState]))
    })
    await db.query(`select pg_terminate_backend(${texts(pid.results[0]?.rows ?? [])[0]?.[0]})`)
    expect(await lost).toEqual(['terminating connection due to administrator command', '57P01'])
    expect(connection.isAlive).toBe(false)
  })
})

describe('connecting', () => {
  test('completes an empty URI from the environment', async () => {
    const env = {
      PGHOST: '127.0.0.1',
      PGPORT: String(db.port),
      PGUSER: 'postgres',
      PGDATABASE: db.name,
      PGOPTIONS: '-c work_mem=3MB',
      PGTZ: 'America/Los_Angeles',
    }
    const connector = connectorTo('postgresql://?', env)
    const connection = await connector.connect({ id: 'x', signal: noSignal })
    const outcome = await connection.run([
      step(
        `select current_database(), current_setting('application_name'),
          current_setting('work_mem'), current_setting('timezone')`,
      ),
    ])
    if (outcome.kind !== 'done') throw new Error(outcome.kind)
    expect(texts(outcome.results[0]?.rows ?? [])).toEqual([
      [db.name, 'dbrest 0.1.0', '3MB', 'America/Los_Angeles'],
    ])
    expect(connection.address).toBe(`127.0.0.1:${db.port}`)
    await connection.end()
  })

  test('tries the hosts in order', async () => {
    const uri = `postgresql://postgres@127.0.0.1:1,127.0.0.1:${db.port}/${db.name}`
    const connection = await connectTo(uri)
    expect(connection.address).toBe(`127.0.0.1:${db.port}`)
    await connection.end()
  })

  test.each([
    [
      'a name that does not exist',
      'postgresql://postgres@no-such-host.invalid/x',
      /^could not translate host name "no-such-host.invalid" to address: (Name or service not known|Temporary failure in name resolution)\n$/,
    ],
    [
      'a port where nobody listens',
      'postgresql://postgres@127.0.0.1:1/x',
      /^connection to server at "127.0.0.1", port 1 failed: Connection refused\n\tIs the server running on that host and accepting TCP\/IP connections\?\n$/,
    ],
    [
      'a socket that is not there',
      'postgresql:///x?host=/nowhere&user=u',
      /^connection to server on socket "\/nowhere\/.s.PGSQL.5432" failed: No such file or directory\n\tIs the server running locally and accepting connections on that socket\?\n$/,
    ],
    [
      'text that is no URI',
      'postgresql://h/x?colour=red',
      /^query parameter 1 of db-uri is none that libpq knows\n$/,
    ],
  ])('%s fails, with what libpq says of it', async (_, uri, details) => {
    const failure = await failureOf(connectTo(uri))
    expect(failure.isFatal).toBe(false)
    expect(failure.error.kind === 'connection' ? failure.error.details : '').toMatch(details)
  })

  test('a server that refuses the login ends the search through the hosts', async () => {
    const uri = `postgresql://nobody_here@127.0.0.1:${db.port},127.0.0.1:1/${db.name}`
    const failure = await failureOf(connectTo(uri))
    expect(failure.error).toEqual({
      kind: 'connection',
      details: `connection to server at "127.0.0.1", port ${db.port} failed: FATAL:  role "nobody_here" does not exist\n`,
    })
  })

  test('ends as timed out when it is given up', async () => {
    // a server that accepts and never answers
    const { createServer } = await import('node:net')
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const connector = connectorTo(`postgresql://u@127.0.0.1:${port}/x`)
    const failure = await failureOf(connector.connect({ id: 'x', signal: AbortSignal.timeout(50) }))
    expect(failure.error).toEqual({
      kind: 'connection',
      details: `connection to server at "127.0.0.1", port ${port} failed: timeout expired\n`,
    })
    silent.close()
  })

  test('leaves a host that stays silent for the next one', async () => {
    const { createServer } = await import('node:net')
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const hosts = `127.0.0.1:${port},127.0.0.1:${db.port}`
    const connection = await connectTo(`postgresql://postgres@${hosts}/${db.name}`)
    expect(connection.address).toBe(`127.0.0.1:${db.port}`)
    await connection.end()
    silent.close()
  })

  test('asks for a session that may write where that is wanted', async () => {
    const readOnly = `options=-c%20default_transaction_read_only=on`
    const connector = connectorTo(`${db.uri()}?${readOnly}`)
    const failure = await failureOf(
      connector.connect({ id: 'x', target: 'read-write', signal: noSignal }),
    )
    expect(failure.message).toMatch(/session is read-only/)
    const writable = connectorTo(db.uri())
    const connection = await writable.connect({ id: 'x', target: 'read-write', signal: noSignal })
    expect(writable.clientConfig('read-write')).toMatchObject({ host: '127.0.0.1', port: db.port })
    await connection.end()
  })
})

describe('with passwords', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await startCluster({ auth: 'scram-sha-256' })
    await cluster.query("create role guarded login password 'se:cr\\et'")
  })

  afterAll(() => cluster.destroy())

  test('the right one opens', async () => {
    const connection = await connectTo(cluster.uri('postgres', 'guarded', 'se:cr\\et'))
    await connection.end()
    expect(connection.isAlive).toBe(false)
  })

  test('a password file is read', async () => {
    const uri = cluster.uri('postgres', 'guarded')
    const surroundings = {
      env: { HOME: '/home/x' },
      systemUser: 'x',
      readFile: (path: string) =>
        path === '/home/x/.pgpass' ? `*:${cluster.port}:*:guarded:se\\:cr\\\\et\n` : null,
    }
    const connector = createConnector({
      settings: () => parseConnection(uri, surroundings),
      files: { readFile: () => null, home: null },
      statementCapacity: 10,
      random: Math.random,
    })
    const connection = await connector.connect({ id: 'x', signal: noSignal })
    await connection.end()
    expect(connection.isAlive).toBe(false)
  })

  test('a wrong one is fatal', async () => {
    const failure = await failureOf(connectTo(cluster.uri('postgres', 'guarded', 'wrong')))
    expect(failure.isFatal).toBe(true)
    expect(failure.error).toEqual({
      kind: 'connection',
      details: `connection to server at "127.0.0.1", port ${cluster.port} failed: FATAL:  password authentication failed for user "guarded"\n`,
    })
  })

  test('none at all is fatal', async () => {
    const failure = await failureOf(connectTo(cluster.uri('postgres', 'guarded')))
    expect(failure.isFatal).toBe(true)
    expect(failure.message).toMatch(/fe_sendauth: no password supplied$/)
  })
})
