/**
 * Requests to a schema of `schema-history.ts`, and for each of them what its answer has to be in a
 * given state of that schema.
 */
import type { HttpReply } from './http-client.ts'
import type { SchemaState } from './schema-history.ts'

export interface JudgedRequest {
  readonly name: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'OPTIONS'
  path(row: number): string
  /** Of a write, with the token that tells it from all others. */
  body?(token: string): object
  /** Whether the answer is that of this state. */
  fits(reply: HttpReply, state: SchemaState, row: number): boolean
}

function isJson(reply: HttpReply, status: number, body: unknown): boolean {
  return reply.status === status && JSON.stringify(reply.body) === JSON.stringify(body)
}

function isError({ status, body }: HttpReply, wanted: number, code: string): boolean {
  return status === wanted && typeof body === 'object' && body !== null && 'code' in body
    ? body.code === code
    : false
}

function fitsFilm(reply: HttpReply, state: SchemaState, status = 200): boolean {
  const film = { label: `gen-${state.generation}`, directors: { name: 'real' } }
  return state.isLinked ? isJson(reply, status, [film]) : isError(reply, 400, 'PGRST200')
}

function fitsResult(reply: HttpReply, { resultShape }: SchemaState): boolean {
  const results = { number: 7, numbers: [7], text: '7' } as const
  return isJson(reply, 200, results[resultShape])
}

const film = 'label,directors(name)'

export const judgedRequests: readonly JudgedRequest[] = [
  {
    name: 'embed by a key',
    method: 'GET',
    path: (row) => `/films?id=eq.${row}&select=${film}`,
    fits: (reply, state) => fitsFilm(reply, state),
  },
  {
    name: 'embed one or many',
    method: 'GET',
    path: (row) => `/films?id=eq.${row}&select=boxes(id)`,
    fits: (reply, { hasOneBox }, row) =>
      isJson(reply, 200, [{ boxes: hasOneBox ? { id: row } : [{ id: row }] }]),
  },
  {
    name: 'read by a function',
    method: 'GET',
    path: () => '/rpc/answer',
    fits: fitsResult,
  },
  {
    name: 'write by a function',
    method: 'POST',
    path: () => '/rpc/noted',
    body: () => ({}),
    fits: fitsResult,
  },
  {
    name: 'read a table that changes names',
    method: 'GET',
    path: () => '/left_side?select=tag,films(id)',
    fits: (reply, { isSwapped }) =>
      isSwapped
        ? isError(reply, 400, 'PGRST200')
        : isJson(reply, 200, [{ tag: 'L', films: { id: 1 } }]),
  },
  {
    name: 'read a table that comes and goes',
    method: 'GET',
    path: () => '/extra?select=id',
    fits: (reply, { hasExtra }) =>
      hasExtra ? isJson(reply, 200, []) : isError(reply, 404, 'PGRST205'),
  },
  {
    name: 'ask what a table that comes and goes lets one do',
    method: 'OPTIONS',
    path: () => '/extra',
    fits: (reply, { hasExtra }) => reply.status === (hasExtra ? 200 : 404),
  },
  {
    name: 'update, and embed by a key',
    method: 'PATCH',
    path: (row) => `/films?id=eq.${row}&select=${film}`,
    body: () => ({ seen: 1 }),
    fits: (reply, state) => fitsFilm(reply, state),
  },
  {
    name: 'insert, and embed by two keys',
    method: 'POST',
    path: () => '/visits?select=token,films(label,directors(name))',
    body: (token) => ({ token, film: 1 }),
    fits(reply, state) {
      if (!state.isLinked) return isError(reply, 400, 'PGRST200')
      const [row] = Array.isArray(reply.body) ? reply.body : []
      const films = { label: `gen-${state.generation}`, directors: { name: 'real' } }
      return reply.status === 201 && JSON.stringify(row?.films) === JSON.stringify(films)
    },
  },
  {
    name: 'the document',
    method: 'GET',
    path: () => '/',
    fits: ({ status, text }, { hasExtra }) =>
      status === 200 && text.includes('"/extra"') === hasExtra && text.includes('"/films"'),
  },
]
