import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Answer, HttpRequest } from '../../../src/core/http-exchange.ts'
import { BodyMemory } from '../../../src/core/lent-bytes.ts'
import { closableApp } from '../../../src/sockets/closable-app.ts'
import { webHandler } from '../../../src/sockets/web-handler.ts'

const nothing: Answer = { status: 204, headers: [], body: null }

/** What an app is handed for a request. */
async function handed(request: Request, peer?: string): Promise<HttpRequest> {
  const seen: HttpRequest[] = []
  const fetch = webHandler(async (each) => {
    seen.push(each)
    return nothing
  })
  await fetch(request, peer === undefined ? {} : { peer })
  const [first] = seen
  if (first === undefined) throw new Error('the app was not asked')
  return first
}

function answered(answer: Answer): Promise<Response> {
  return webHandler(async () => answer)(new Request('http://host/'))
}

describe('a request', () => {
  test('is its path, query, headers and host', async () => {
    const init = { method: 'PATCH', headers: { Prefer: 'a' }, body: '{}' }
    const request = await handed(
      new Request('http://host:81/a%20b?x=%2B&x=1#end', init),
      '10.0.0.1',
    )
    expect(request).toMatchObject({ method: 'PATCH', target: '/a%20b?x=%2B&x=1', peer: '10.0.0.1' })
    expect(request.rawHeaders).toEqual(expect.arrayContaining(['prefer', 'a', 'Host', 'host:81']))
    expect(await request.readBody(0)).toEqual({ ok: true, value: new TextEncoder().encode('{}') })
  })

  test('keeps a Host of its own', async () => {
    const request = await handed(new Request('http://host/', { headers: { Host: 'other' } }))
    const names = request.rawHeaders.filter((_, at) => at % 2 === 0)
    expect(names.filter((name) => name.toLowerCase() === 'host')).toEqual(['host'])
    expect(request.peer).toBe('-')
  })

  test.each([
    ['declared', { 'Content-Length': '5' }],
    ['found', {}],
  ])('has a body within the limit: beyond it that is %s', async (_, headers) => {
    const request = await handed(
      new Request('http://h/', { method: 'POST', body: '12345', headers }),
    )
    expect(await request.readBody(4)).toEqual({
      ok: false,
      error: { kind: 'body-too-large', limitBytes: 4 },
    })
  })

  test('whose body somebody has read is told so', async () => {
    const request = new Request('http://h/', { method: 'POST', body: '1' })
    await request.text()
    expect(await (await handed(request)).readBody(0)).toMatchObject({
      ok: false,
      error: { details: 'the body was read before it came here' },
    })
  })

  test('whose body breaks off is malformed', async () => {
    const body = new ReadableStream({
      start: (controller) => controller.error(new Error('cut')),
    })
    const init = { method: 'POST', body, duplex: 'half' } as const
    const request = await handed(new Request('http://h/', init))
    expect(await request.readBody(0)).toMatchObject({
      ok: false,
      error: { details: 'the body ended early' },
    })
  })
})

describe('an answer', () => {
  test('is its status, reason, headers and text', async () => {
    const response = await answered({
      status: 402,
      statusText: 'Quota exceeded',
      headers: [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ],
      body: 'für',
    })
    expect(response).toMatchObject({ status: 402, statusText: 'Quota exceeded' })
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(response.headers.get('content-length')).toBe('4')
    expect(await response.text()).toBe('für')
  })

  test('without a body has none', async () => {
    const response = await answered(nothing)
    expect([response.status, response.body]).toEqual([204, null])
  })

  const large = Buffer.alloc(20_000, 'x')
  test.each([
    ['text', large.toString(), 1],
    ['bytes', large, 1],
    ['lent bytes', new BodyMemory().lend(20_000).narrowedTo(large), 1],
    ['pieces', [large.subarray(0, 8000), large.subarray(8000)], 2],
  ])('of large %s is streamed', async (_, body, pieces) => {
    const response = await answered({ status: 200, headers: [], body })
    expect(response.headers.get('content-length')).toBe('20000')
    const chunks: Uint8Array[] = []
    for await (const chunk of response.body ?? []) chunks.push(chunk)
    expect(chunks).toHaveLength(pieces)
    expect(Buffer.concat(chunks).equals(large)).toBe(true)
  })
})

describe('an app that is closed', () => {
  /** An app whose answer is given by hand, or by the end of its request. */
  function held() {
    let give = (_: Answer): void => undefined
    const answer = new Promise<Answer>((resolve) => {
      give = resolve
    })
    const closable = closableApp((request) => {
      request.signal.addEventListener('abort', () => give({ ...nothing, status: 499 }))
      return answer
    }, 'closed')
    return { give: () => give(nothing), closable, fetch: webHandler(closable.app) }
  }

  test('answers what is in hand, and nothing more', async () => {
    const { give, closable, fetch } = held()
    const response = fetch(new Request('http://h/'))
    const closing = closable.close(60_000)
    await expect(fetch(new Request('http://h/'))).rejects.toThrow('closed')
    give()
    expect((await response).status).toBe(204)
    await closing
  })

  test('cancels what takes longer, and at once when that is asked for then', async () => {
    const { closable, fetch } = held()
    const response = fetch(new Request('http://h/'))
    const closing = closable.close(60_000)
    await closable.close(0)
    await closing
    expect((await response).status).toBe(499)
  })

  test('waits without end for as long as that is asked for', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const { give, closable, fetch } = held()
    const response = fetch(new Request('http://h/'))
    const closing = closable.close(Number.POSITIVE_INFINITY)
    vi.advanceTimersByTime(60_000)
    give()
    expect((await response).status).toBe(204)
    await closing
  })

  test('lets a client leave meanwhile', async () => {
    const { fetch } = held()
    const leaving = new AbortController()
    const response = fetch(new Request('http://h/', { signal: leaving.signal }))
    leaving.abort()
    expect((await response).status).toBe(499)
  })
})
