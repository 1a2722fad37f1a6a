/**
 * Workers in front of a SQLite file: each has processes of its own for reads and one for writes, and all
 * of them one file.
 */

import { readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { countLoads } from '../support/cached-schema.ts'
import { createFilmsFile } from '../support/films-database.ts'
import { ask, askUntil } from '../support/http-client.ts'
import type { RunningServer } from '../support/server.ts'
import type { SqliteFile } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'
import { connectToEach } from '../support/worker-processes.ts'

let films: SqliteFile
beforeEach(() => {
  films = createFilmsFile()
  onTestFinished(() => films.drop())
})

const workers = { DBREST_SERVER_WORKERS: '2', DBREST_DB_SCHEMA_POLL_INTERVAL: '0' }

test('reads, writes and changes of the file are the same on both', async () => {
  const server = await serve({ args: [films.path], env: workers })
  await askUntil(200, `${server.adminUrl}/ready`)
  const agents = await connectToEach(server, 2)
  films.exec('create table notes (id integer primary key, body text not null)')
  const notes = `${server.url}/notes`
  const write = (agent: (typeof agents)[number], body: string) =>
    ask(notes, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ body }),
    })
  // both writers want the file at the same time
  const texts = Array.from({ length: 40 }, (_, at) => `note ${at}`)
  const replies = await Promise.all(
    texts.flatMap((text) => agents.map((agent) => write(agent, text))),
  )
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]))
  for (const agent of agents) {
    const { headers } = await ask(`${notes}?limit=1`, {
      agent,
      headers: { prefer: 'count=exact' },
    })
    expect(headers['content-range']).toBe('0-0/80')
  }
  const loads = await countLoads(server, 'SUCCESS')
  films.exec('alter table notes add column stars integer default 3')
  for (const agent of agents) {
    expect((await ask(`${notes}?select=stars&limit=1`, { agent })).body).toEqual([{ stars: 3 }])
  }
  expect(await countLoads(server, 'SUCCESS')).toBe(loads + 1)
  films.exec('alter table notes drop column stars')
  for (const agent of agents) {
    expect((await ask(`${notes}?select=stars`, { agent })).status).toBe(400)
  }
  expect(await countLoads(server, 'SUCCESS')).toBe(loads + 2)
})

test('functions of a registry are the same on both, also when they change', async () => {
  const registry = join(films.folder, 'functions.json')
  const answering = (value: number) =>
    writeFileSync(registry, JSON.stringify([{ name: 'answer', sql: `select ${value}` }]))
  answering(1)
  const server = await serve({
    args: [films.path],
    env: { ...workers, DBREST_FUNCTION_REGISTRY: `@${registry}` },
  })
  await askUntil(200, `${server.adminUrl}/ready`)
  const agents = await connectToEach(server, 2)
  const answers = () =>
    Promise.all(
      agents.map(async (agent) => (await ask(`${server.url}/rpc/answer`, { agent })).body),
    )
  expect(await answers()).toEqual([1, 1])
  answering(2)
  server.signal('SIGUSR2')
  await expect.poll(answers).toEqual([2, 2])
})

test('a file that nobody changes is served from one copy, which goes with the server', async () => {
  const server = await serve({ args: [`file:${films.path}?immutable=1`], env: workers })
  await askUntil(200, `${server.adminUrl}/ready`)
  for (const agent of await connectToEach(server, 2)) {
    expect((await ask(`${server.url}/films?id=eq.1&select=id`, { agent })).body).toEqual([
      { id: 1 },
    ])
  }
  expect(copiesOf(server)).toHaveLength(1)
  server.signal('SIGTERM')
  expect(await server.exited).toBe(0)
  expect(copiesOf(server)).toEqual([])
})

/** Folders of copies that the server's processes have made. */
function copiesOf({ child }: Pick<RunningServer, 'child'>): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.includes(`-${child.pid}-`))
}
