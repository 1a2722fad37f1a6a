/**
 * What is killed in the middle of writes to a SQLite file: the process that writes, the server, the
 * client. What was answered is there, what failed is there as a whole or not at all, and what is left
 * goes on without being restarted. Other programs that write to the file lose nothing either.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { ask, eventually, type HttpReply } from '../support/http-client.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { createSqliteFile, type SqliteFile } from '../support/sqlite-database.ts'

const schema = `
  create table items (id integer primary key, writer text, n int, unique (writer, n));
  create table slow (id integer primary key);
  create view endless as
    with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as i from n;
  create trigger takes_for_ever after insert on slow when new.id % 1000 = 500
    begin insert into items (n) select i from endless; end;`

const json = { 'content-type': 'application/json' }
let file: SqliteFile
let server: RunningServer

beforeEach(async () => {
  file = createSqliteFile(schema)
  server = await startServer({ args: [file.path], env: { DBREST_DB_TX_END: 'commit' } })
})
afterEach(async () => {
  server.child.kill('SIGKILL')
  await server.exited
  file.drop()
})

/** The process of the server that writes: Linux tells what it was started with. */
function writer(): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const [, parent] = /^.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        return Number(parent) === server.child.pid && words.includes('write')
      } catch {
        return false
      }
    })
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}

function killWriter(): void {
  const pid = writer()
  if (pid !== undefined) process.kill(pid, 'SIGKILL')
}

function post(target: string, body: unknown, signal?: AbortSignal): Promise<HttpReply> {
  return ask(server.url + target, {
    method: 'POST',
    headers: json,
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  })
}

function read<T>(look: (database: Database.Database) => T): T {
  const database = new Database(file.path)
  try {
    return look(database)
  } finally {
    database.close()
  }
}

function stored(): ReadonlySet<string> {
  const rows = read((database) => database.prepare('select writer, n from items').raw().all())
  return new Set(rows.map((row) => String(row)))
}

/** Clients that insert one row after the other until told to stop. */
function insertAll(clients: number): {
  readonly answers: Map<string, number | 'cut'>
  stop(): Promise<void>
} {
  const answers = new Map<string, number | 'cut'>()
  let isOver = false
  onTestFinished(() => {
    isOver = true
  })
  const run = async (name: string) => {
    for (let n = 0; !isOver; n += 1) {
      const row = { writer: name, n }
      const status = await post('/items', row).then(
        (reply) => reply.status,
        () => 'cut' as const,
      )
      answers.set(`${name},${n}`, status)
    }
  }
  const all = Promise.all(Array.from({ length: clients }, (_, index) => run(`c${index}`)))
  return {
    answers,
    async stop() {
      isOver = true
      await all
    },
  }
}

function count(answers: ReadonlyMap<string, number | 'cut'>, status: number | 'cut'): number {
  return [...answers.values()].filter((each) => each === status).length
}

describe('the writer that is killed', () => {
  test('has stored whatever was answered, and nothing that failed for certain', async () => {
    const { answers, stop } = insertAll(12)
    for (let kill = 0; kill < 8; kill += 1) {
      const before = count(answers, 201)
      await eventually(
        () => Promise.resolve(count(answers, 201)),
        (now) => expect(now).toBeGreaterThan(before + 20),
      )
      killWriter()
    }
    await stop()
    const there = stored()
    const failed = [...answers].filter(([, status]) => status !== 201)
    // the one failure that there may be says that nobody knows
    expect(failed.filter(([, status]) => status !== 500)).toEqual([])
    expect([...answers].filter(([row, status]) => status === 201 && !there.has(row))).toEqual([])
    const known = new Set(answers.keys())
    expect([...there].filter((row) => !known.has(row))).toEqual([])
    expect(read((database) => database.pragma('integrity_check'))).toEqual([
      { integrity_check: 'ok' },
    ])
    expect(await post('/items', { writer: 'last' })).toMatchObject({ status: 201 })
  })

  test('in a bulk insert leaves none of its rows, and fails it when it never gets through', async () => {
    const rows = Array.from({ length: 1000 }, (_, index) => ({ id: index + 1 }))
    const bulk = post('/slow', rows)
    const killed = new Set<number>()
    // it is asked of three processes
    while (killed.size < 3) {
      const pid = writer()
      if (pid === undefined || killed.has(pid) || !isWriting()) {
        await nextTurn()
      } else {
        process.kill(pid, 'SIGKILL')
        killed.add(pid)
      }
    }
    expect(await bulk).toMatchObject({ status: 503, body: { code: 'PGRST001' } })
    expect(read((database) => database.prepare('select count(*) from slow').pluck().get())).toBe(0)
    expect(await post('/slow', { id: 1 })).toMatchObject({ status: 201 })
  })
})

/** Somebody holds the lock that writing takes. */
function isWriting(): boolean {
  const database = new Database(file.path, { timeout: 0 })
  try {
    database.exec('begin immediate; rollback')
    return false
  } catch {
    return true
  } finally {
    database.close()
  }
}

test('the server that is killed has stored whatever was answered', async () => {
  const { answers, stop } = insertAll(12)
  await eventually(
    () => Promise.resolve(count(answers, 201)),
    (now) => expect(now).toBeGreaterThan(200),
  )
  server.child.kill('SIGKILL')
  await server.exited
  await stop()
  const there = stored()
  expect([...answers].filter(([row, status]) => status === 201 && !there.has(row))).toEqual([])
  expect(read((database) => database.pragma('integrity_check'))).toEqual([
    { integrity_check: 'ok' },
  ])
  // its writer is gone with it
  expect(isWriting()).toBe(false)
})

describe('a client that leaves', () => {
  test('has its write ended, and nothing of it stays', async () => {
    const client = new AbortController()
    const slow = post('/slow', [{ id: 1 }, { id: 500 }], client.signal).catch(() => 'left')
    await eventually(
      () => Promise.resolve(isWriting()),
      (isBusy) => expect(isBusy).toBe(true),
    )
    client.abort()
    expect(await slow).toBe('left')
    expect(await post('/slow', { id: 2 })).toMatchObject({ status: 201 })
    expect(read((database) => database.prepare('select id from slow').pluck().all())).toEqual([2])
  })
})

describe('other programs', () => {
  /** Holds the lock that writing takes until it is told to let go. */
  async function holdLock(): Promise<{ release(): Promise<void> }> {
    const holder = run(`
      db.exec('begin immediate')
      console.log('held')
      process.stdin.once('data', () => { db.exec('rollback'); process.exit() })`)
    await once(createInterface(holder.stdout ?? process.stdin), 'line')
    return {
      async release() {
        const ended = once(holder, 'exit')
        holder.stdin?.write('go\n')
        await ended
      },
    }
  }

  function run(script: string): ChildProcess {
    const start = `
      const Database = require('better-sqlite3')
      const db = new Database(${JSON.stringify(file.path)}, { timeout: 5000 })`
    const program = spawn(process.execPath, ['-e', `${start}\n${script}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    onTestFinished(() => {
      program.kill('SIGKILL')
    })
    return program
  }

  test('are waited for while they write', async () => {
    const { release } = await holdLock()
    const waiting = post('/items', { writer: 'patient', n: 1 })
    await eventually(
      () => Promise.resolve(writer()),
      (pid) => expect(pid).toBeDefined(),
    )
    await release()
    expect(await waiting).toMatchObject({ status: 201 })
  })

  test('that hold the file for too long make writes fail for now', async () => {
    const { release } = await holdLock()
    const replies = await Promise.all([
      post('/items', { writer: 'a', n: 1 }),
      post('/items', { writer: 'b', n: 1 }),
    ])
    for (const reply of replies) {
      expect(reply).toMatchObject({ status: 503, body: { code: '55P03' } })
      expect(reply.headers['retry-after']).toBe('1')
    }
    await release()
    expect(stored().size).toBe(0)
    expect(await post('/items', { writer: 'a', n: 1 })).toMatchObject({ status: 201 })
  })

  test.each(['delete', 'wal'])(
    'write beside us in journal mode %s, and nobody loses anything',
    async (mode) => {
      read((database) => database.pragma(`journal_mode = ${mode}`))
      const { answers, stop } = insertAll(16)
      const most = 100
      const other = run(`
      const insert = db.prepare("insert into items (writer, n) values ('other', ?)")
      for (let n = 0; n < ${most}; n += 1) insert.run(n)`)
      // it ends with 0 when every insert went through within its patience
      const [code] = await once(other, 'exit')
      await stop()
      expect(code).toBe(0)
      const there = stored()
      expect([...there].filter((row) => row.startsWith('other,'))).toHaveLength(most)
      expect([...answers].filter(([row, status]) => status !== 201 || !there.has(row))).toEqual([])
    },
  )
})
