/**
 * The built server on a SQLite file: its processes live and die with it, and with nothing else.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { runLoad } from '../../../bench/load.ts'
import { type RunningServer, startServer } from '../../support/server.ts'
import { createSqliteFile } from '../../support/sqlite-database.ts'

const releases: (() => unknown)[] = []

afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

async function serve(sql: string): Promise<RunningServer> {
  const file = createSqliteFile(sql)
  releases.push(file.drop)
  const server = await startServer({ args: [file.path], env: { DBREST_LOG_LEVEL: 'debug' } })
  releases.push(() => server.child.kill('SIGKILL'))
  return server
}

/** Processes whose parent is, or was, the server: Linux tells who opened a file. */
function children(server: RunningServer): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => statOf(pid)?.parent === server.child.pid)
    .map(Number)
}

function statOf(pid: string): { readonly parent: number; readonly state: string } | null {
  try {
    const [, state = '', parent = ''] =
      /^.*\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return { parent: Number(parent), state }
  } catch {
    return null
  }
}

function isRunning(pid: number): boolean {
  const stat = statOf(String(pid))
  return stat !== null && stat.state !== 'Z'
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { interval: 5 }).toBe(true)
}

const endless = `create table items (id integer primary key); insert into items values (1);
  create view endless as
    with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as i from n;`

describe('the SQLite processes of a server', () => {
  test('end with it even in the middle of a query that never ends', async () => {
    const server = await serve(endless)
    fetch(`${server.url}/endless`).catch(() => null)
    // one that has the query is not the one that answers
    await fetch(`${server.url}/items`)
    await until(() => children(server).length >= 2)
    const processes = children(server)
    server.signal('SIGKILL')
    await server.exited
    await until(() => !processes.some(isRunning))
  })

  test('leave it to the server to end on signals to the whole group', async () => {
    const server = await serve(endless)
    await fetch(`${server.url}/items`)
    const isReady = (line: string) => /Connection \d+ is available due to start/.test(line)
    let processes: readonly number[] = []
    await until(() => {
      processes = children(server)
      const ready = server.stderr.filter(isReady).length
      return ready >= 2 && ready === processes.length
    })
    for (const pid of processes) {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
        process.kill(pid, signal)
      }
    }
    const response = await fetch(`${server.url}/items`)
    expect(await response.json()).toEqual([{ id: 1 }])
    // where the machine is busy another one may have been started meanwhile
    expect(children(server)).toEqual(expect.arrayContaining([...processes]))
    expect(await server.stop()).toBe(0)
    await until(() => !processes.some(isRunning))
  })

  test('answer a thousand connections without an error', async () => {
    const server = await serve(`create table items (id integer primary key);
      insert into items values (1);`)
    const target = '/items?id=eq.1'
    const load = await runLoad({ port: server.port, target, connections: 1000, durationMs: 500 })
    expect(load.requests).toBeGreaterThanOrEqual(1000)
    expect(load.failures).toBe(0)
  })

  test('pass large answers on', async () => {
    const server = await serve(`create table items (id integer primary key, text text);
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 20)
      insert into items select i, hex(zeroblob(500000)) from n;`)
    const response = await fetch(`${server.url}/items`)
    const rows = (await response.json()) as readonly { readonly text: string }[]
    expect(rows.map((row) => row.text.length)).toEqual(Array(20).fill(1_000_000))
  })
})
