/**
 * Large bodies on their way to clients that read slowly, or leave, and on their way to the database: the
 * memory that they lie in is used again for the next ones, and not before.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import { createApiDatabase } from '../support/api-database.ts'
import { ask } from '../support/http-client.ts'
import { openRaw } from '../support/raw-http.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { createSqliteFile } from '../support/sqlite-database.ts'

/** As large as goes through the memory that is used again, and more than sockets hold. */
const count = 4_100_000

const table = `
  create table letters (text text not null);
  insert into letters values ('a'), ('b'), ('c');
  create table kept (id int primary key, text text not null);`

const engines = {
  async SQLite() {
    const file = createSqliteFile(`${table}
      create view long as
        select text, replace(printf('%.${count}c', 'x'), 'x', text) as body from letters;`)
    onTestFinished(() => file.drop())
    return startServer({ args: [file.path] })
  },
  async PostgreSQL() {
    const database = await createApiDatabase(`${table}
      create view long as select text, repeat(text, ${count}) as body from letters;`)
    onTestFinished(() => database.drop())
    return startServer({ env: database.env })
  },
} as const

type Engine = keyof typeof engines

async function serveLetters(engine: Engine): Promise<RunningServer> {
  const server = await engines[engine]()
  onTestFinished(() => void server.child.kill('SIGKILL'))
  return server
}

function target(letter: string): string {
  return `/long?select=body&text=eq.${letter}`
}

function request(letter: string): string {
  return `GET ${target(letter)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`
}

/** A difference of megabytes is not printed. */
function isBodyOf(letter: string, text: string): boolean {
  return text === JSON.stringify([{ body: letter.repeat(count) }])
}

async function askRightly(url: string, letter: string): Promise<void> {
  const { text } = await ask(url + target(letter))
  expect(isBodyOf(letter, text)).toBe(true)
}

describe.each<Engine>(['SQLite', 'PostgreSQL'])('on %s', (engine) => {
  test('a client that reads slowly gets its own, whatever others are sent meanwhile', async () => {
    const { port, url } = await serveLetters(engine)
    const slow = openRaw(port)
    slow.send(request('a'))
    await slow.until((text) => text.includes('\r\n\r\n'))
    slow.socket.pause()
    for (let time = 0; time < 8; time += 1) await askRightly(url, 'b')
    slow.socket.resume()
    const text = await slow.closed
    expect(isBodyOf('a', text.slice(text.indexOf('\r\n\r\n') + 4))).toBe(true)
  })

  test('clients that leave in the middle of theirs change nothing for others', async () => {
    const { port, url } = await serveLetters(engine)
    for (let time = 0; time < 8; time += 1) {
      const leaving = openRaw(port)
      const slow = openRaw(port)
      leaving.send(request('a'))
      slow.send(request('c'))
      await Promise.all(
        [leaving, slow].map((client) => client.until((text) => text.includes('\r\n\r\n'))),
      )
      slow.socket.pause()
      leaving.socket.destroy()
      await askRightly(url, 'b')
      slow.socket.resume()
      const text = await slow.closed
      expect(isBodyOf('c', text.slice(text.indexOf('\r\n\r\n') + 4))).toBe(true)
    }
  })

  test('what many clients write at the same time is what each of them sent', async () => {
    const { url } = await serveLetters(engine)
    const lengths = [3_000_000, 200_000, 30_000, 20]
    const texts = Array.from({ length: 40 }, (_, id) => {
      const letter = String.fromCharCode(97 + (id % 26))
      return letter.repeat(lengths[id % lengths.length] ?? 1)
    })
    const replies = await Promise.all(
      texts.map((text, id) =>
        ask(`${url}/kept`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ id, text }),
        }),
      ),
    )
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]))
    for (const [id, text] of texts.entries()) {
      const { body } = await ask(`${url}/kept?select=text&id=eq.${id}`)
      expect(Reflect.get(Object(body), '0')?.text === text).toBe(true)
    }
  })
})
