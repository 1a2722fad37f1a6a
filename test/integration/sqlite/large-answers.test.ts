/**
 * Answers of every size, whichever way they take from the process that made them: in a frame, in a
 * file in memory, or in pieces through the socket.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import {
  type SqliteProcess,
  startSqliteProcess,
} from '../../../src/backends/sqlite/process/sqlite-process.ts'
import type { ChildReply } from '../../../src/backends/sqlite/wire/reply-frames.ts'
import { stampOfVersion } from '../../../src/backends/sqlite/wire/schema-stamp.ts'
import { toBuffer } from '../../../src/core/http-exchange.ts'
import { BodyMemory } from '../../../src/core/lent-bytes.ts'
import { createSqliteFile, serveSqlite } from '../../support/sqlite-database.ts'

const schema = `
  create table letters (id integer primary key, text text not null);
  insert into letters values (1, 'a'), (2, 'é'), (3, 'c');
  create view long as
    select id, text, n.count, replace(printf('%.' || n.count || 'c', 'x'), 'x', text) as body
    from letters, (
      select 65000 as count union all select 65600 union all select 262200 union all select 1000000
      union all select 2100000 union all select 4194000 union all select 4194400
      union all select 5000000
    ) n;
`

type Served = Awaited<ReturnType<typeof serveSqlite>>
const served: Served[] = []

async function serve(): Promise<Served> {
  // a busy machine takes its time for all of them
  const patient = { dbPoolAcquisitionTimeout: 120, dbStatementTimeout: 0 }
  const api = await serveSqlite(schema, patient)
  served.push(api)
  return api
}

afterEach(async () => {
  await Promise.all(served.splice(0).map((api) => api.stop()))
})

const counts = [65_000, 65_600, 262_200, 1_000_000, 2_100_000, 4_194_000, 4_194_400, 5_000_000]
const letters = ['a', 'é', 'c']

/** What is wrong with an answer; null: nothing. A difference of megabytes is not printed. */
async function problemOf(api: Served, id: number, count: number): Promise<string | null> {
  const reply = await api.get(`/long?select=body&id=eq.${id}&count=eq.${count}`)
  const letter = letters[id - 1] ?? ''
  const expected = JSON.stringify([{ body: letter.repeat(count) }])
  if (JSON.stringify(reply.body) === expected) return null
  return `${count} times ${letter} is answered with ${reply.status}`
}

test('arrive as they are, one after the other and many at once', async () => {
  const api = await serve()
  const all = counts.flatMap((count) => letters.map((_, at) => [at + 1, count] as const))
  for (const [id, count] of all) expect(await problemOf(api, id, count)).toBeNull()
  const problems = await Promise.all(all.map(([id, count]) => problemOf(api, id, count)))
  expect(problems.filter((problem) => problem !== null)).toEqual([])
}, 120_000)

/** The files that this process has open: closing one takes a turn of its event loop. */
function openFiles(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const file = `/proc/self/fd/${descriptor}`
      return readlinkSync(file).startsWith('/dev/shm/') ? [file] : []
    } catch {
      // it was that of reading the folder
      return []
    }
  })
}

function largest(files: readonly string[]): number {
  return Math.max(...files.map((file) => statSync(file).size))
}

describe.runIf(process.platform === 'linux')('the file for large answers', () => {
  test('has what is large, has no name, and is gone with the process', async () => {
    const before = openFiles().length
    const api = await serve()
    const ask = async () => {
      expect(await problemOf(api, 1, 1_000_000)).toBeNull()
      return largest(openFiles())
    }
    const bytes = '[{"body":""}]'.length + 1_000_000
    // again: on a busy machine a process may be replaced because it was slow
    await expect.poll(ask).toBe(bytes)
    expect(openFiles().length).toBeGreaterThan(before)
    for (const file of openFiles()) expect(readlinkSync(file)).toMatch(/ \(deleted\)$/)
    // what is larger than it may be takes the other way
    expect(await problemOf(api, 1, 5_000_000)).toBeNull()
    expect(largest(openFiles())).toBeLessThanOrEqual(bytes)
    await api.backend.close()
    await expect.poll(() => openFiles().length).toBe(before)
  })

  /** One process, which answers with a letter so many times. */
  async function startLetters(path: string) {
    const replies = new Map<number, ChildReply>()
    const task = { kind: 'read', path, foreignKeys: true } as const
    const child = await new Promise<SqliteProcess>((resolve, reject) => {
      const started = startSqliteProcess(task, new BodyMemory(), {
        ready: () => resolve(started),
        replied: (id, _, reply) => replies.set(id, reply),
        ended: reject,
      })
    })
    onTestFinished(() => child.kill())
    child.send(0, { op: 'version' })
    await expect.poll(() => replies.size).toBe(1)
    const version = replies.get(0)
    if (version?.kind !== 'version') throw new Error('no version was answered')
    const stamp = stampOfVersion(version.schemaVersion)
    return {
      id: child.id,
      replies,
      ask(at: number, letter: string, count: number) {
        const sql = `select cast(replace(printf('%.${count}c', 'x'), 'x', ?) as blob), 1, null`
        const request = { op: 'read', sql, params: [letter], before: [], epoch: 1, stamp } as const
        child.send(at, request)
      },
      /** How many bytes the answer has; null: it is not of that letter alone. */
      answered(at: number, letter: string) {
        const reply = replies.get(at)
        if (reply?.kind !== 'rows') return null
        const text = toBuffer(reply.body).toString()
        return text === letter.repeat(text.length) ? text.length : null
      },
    }
  }

  test('takes nothing before the last was fetched', async () => {
    const file = createSqliteFile(schema)
    onTestFinished(() => file.drop())
    const started = await startLetters(file.path)
    const asked = Array.from({ length: 30 }, (_, at) => String.fromCharCode(97 + (at % 26)))
    // in one write, and the answers wait: this process does something else
    for (const [at, letter] of asked.entries()) started.ask(at + 1, letter, 66_000)
    setImmediate(() => spawnSync(process.execPath, ['--version']))
    await expect.poll(() => started.replies.size).toBe(asked.length + 1)
    expect(asked.filter((letter, at) => started.answered(at + 1, letter) !== 66_000)).toEqual([])
  })

  test('is emptied where the system takes a part of an answer only', async () => {
    const file = createSqliteFile(schema)
    onTestFinished(() => file.drop())
    const before = new Set(openFiles())
    const started = await startLetters(file.path)
    started.ask(1, 'a', 1_000_000)
    await expect.poll(() => started.answered(1, 'a')).toBe(1_000_000)
    const [answers] = openFiles().filter((each) => !before.has(each))
    expect(statSync(answers ?? '').size).toBe(1_000_000)
    expect(spawnSync('prlimit', ['--pid', started.id, '--fsize=1500000']).status).toBe(0)
    started.ask(2, 'b', 2_000_000)
    await expect.poll(() => started.answered(2, 'b')).toBe(2_000_000)
    expect(statSync(answers ?? '').size).toBe(0)
  })
})
