/**
 * Large bodies on their way to clients that read slowly, or leave: the memory that they lie in is
 * used again for the next ones, and not before.
 */
import { expect, onTestFinished, test } from 'vitest'
import { ask } from '../support/http-client.ts'
import { openRaw } from '../support/raw-http.ts'
import { startServer } from '../support/server.ts'
import { createSqliteFile } from '../support/sqlite-database.ts'

/** As large as goes through the memory that is used again, and more than sockets hold. */
const count = 4_100_000

async function serveLetters() {
  const file = createSqliteFile(`
    create table letters (text text not null);
    insert into letters values ('a'), ('b'), ('c');
    create view long as
      select text, replace(printf('%.${count}c', 'x'), 'x', text) as body from letters;`)
  onTestFinished(() => file.drop())
  const server = await startServer({ args: [file.path] })
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

test('a client that reads slowly gets its own, whatever others are sent meanwhile', async () => {
  const { port, url } = await serveLetters()
  const slow = openRaw(port)
  slow.send(request('a'))
  await slow.until((text) => text.includes('\r\n\r\n'))
  slow.socket.pause()
  for (let time = 0; time < 8; time += 1) await askRightly(url, 'b')
  slow.socket.resume()
  const text = await slow.closed
  expect(isBodyOf('a', text.slice(text.indexOf('\r\n\r\n') + 4))).toBe(true)
}, 60_000)

test('clients that leave in the middle of theirs change nothing for others', async () => {
  const { port, url } = await serveLetters()
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
}, 60_000)
