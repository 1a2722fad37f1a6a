/**
 * The first line of an answer, and answers whose status says that there is no content: what a
 * function sets, byte for byte.
 *
 * Rule  PostgREST docs: errors (RAISE with a status, Add HTTP Headers with RAISE), transactions
 *       (Response Status Code); RFC 9110: 15.3.5, 15.3.6, 15.4.5; RFC 9112: 4
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { exchange, openRaw } from '../support/raw-http.ts'
import { serveForAll } from '../support/test-server.ts'

const schemaSql = `
  create function raise(status int, text json) returns void language plpgsql as $$
  begin
    raise sqlstate 'PGRST' using
      message = '{"code":"123","message":"Told"}',
      detail = json_build_object('status', status, 'headers', '{}'::json, 'status_text', text);
  end $$;
  create function raise_state(state text, message text) returns void language plpgsql as $$
  begin raise exception using errcode = state, message = message; end $$;
  create function set_status(status text) returns text language plpgsql as $$
  begin perform set_config('response.status', status, true); return 'some text'; end $$;
  create table films (id int primary key);
  insert into films values (1);
  create function set_status() returns void language plpgsql as $$
  begin
    perform set_config('response.status', current_setting('request.headers')::json->>'x-status', true);
  end $$;`

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase(schemaSql)
})
afterAll(() => database?.drop())

const server = serveForAll(() => ({
  env: {
    ...database.env,
    DBREST_DB_CHANNEL_ENABLED: 'false',
    DBREST_DB_PRE_REQUEST: 'set_status',
  },
}))

function call(name: string, args: object, ...more: readonly string[]): string {
  const body = JSON.stringify(args)
  return request(
    `POST /rpc/${name}`,
    body,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...more,
  )
}

function request(what: string, body: string, ...headers: readonly string[]): string {
  return [`${what} HTTP/1.1`, 'Host: localhost', ...headers, '', body].join('\r\n')
}

const close = 'Connection: close'

describe('the reason phrase', () => {
  test.each<readonly [string, number, string | null, string]>([
    ['the text raised with a status', 402, 'Pay first', 'Pay first'],
    ['that of a status that has none of its own', 299, 'Nearly', 'Nearly'],
    ['a text in any script', 400, 'Größe 映画', 'Größe 映画'],
    ['an empty text', 402, '', ''],
    ['the usual one where no text is raised', 402, null, 'Payment Required'],
    ['the usual one where the text is no line', 402, 'a\r\nSet-Cookie: b', 'Payment Required'],
    ['none for a status that nobody has named', 299, null, ''],
  ])('is %s', async (_, status, text, sent) => {
    const reply = await exchange(server().port, call('raise', { status, text }, close))
    expect(reply).toMatchObject({ status, reason: sent, body: { message: 'Told' } })
    expect(reply.headers['set-cookie']).toBeUndefined()
  })

  test.each([
    ['PT402', 'Pay first', 402, 'Pay first'],
    ['PT402', 'two\nlines', 402, 'Payment Required'],
    ['PT402', 'long '.repeat(100), 402, 'Payment Required'],
    ['PT299', 'Nearly', 299, 'Nearly'],
    // no status of an answer, hence not what the message goes with
    ['PT999', 'Beyond', 500, 'Internal Server Error'],
    ['P0001', 'No status', 400, 'Bad Request'],
  ])('of %s with the message %j is %i %s', async (state, message, status, reason) => {
    const reply = await exchange(server().port, call('raise_state', { state, message }, close))
    expect(reply).toMatchObject({ status, reason, body: { code: state, message } })
  })

  test.each([
    ['299', ''],
    ['599', ''],
    ['202', 'Accepted'],
  ])('of the status %s that a function sets is %j', async (status, reason) => {
    const reply = await exchange(server().port, call('set_status', { status }, close))
    expect(reply).toMatchObject({ status: Number(status), reason, body: 'some text' })
  })
})

describe('an answer without content', () => {
  const cases = ['204', '205', '304'].flatMap((status) =>
    [
      ['a function', call('set_status', { status })],
      ['a raised error', call('raise', { status: Number(status), text: null })],
      ['the state of an error', call('raise_state', { state: `PT${status}`, message: 'none' })],
      ['a read', request('GET /films', '', `X-Status: ${status}`)],
      ['HEAD', request('HEAD /films', '', `X-Status: ${status}`)],
      [
        'a write that shows what was written',
        request(
          'PATCH /films?id=eq.1',
          '{"id":1}',
          'Content-Type: application/json',
          'Content-Length: 8',
          'Prefer: return=representation',
          `X-Status: ${status}`,
        ),
      ],
    ].map(([title = '', sent = '']) => [status, title, sent] as const),
  )

  test.each(cases)('%s of %s is a head, and the next answer follows', async (status, _, sent) => {
    const connection = openRaw(server().port)
    connection.send(sent + request('GET /films', '', close))
    const [first = '', second = '', ...others] = (await connection.closed).split(/(?=HTTP\/1\.1 )/)
    expect(first).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(first).toMatch(/\r\n\r\n$/)
    expect(first).not.toMatch(/^(content-length: *[1-9]|transfer-encoding)/im)
    if (status === '205') expect(first).toMatch(/^content-length: 0\r$/im)
    expect(second).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n\[\{"id":1\}\]$/s)
    expect(others).toEqual([])
  })
})
