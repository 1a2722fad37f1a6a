/**
 * Requests at the edge of what the server reads: request lines of 64 KiB, thousands of filters,
 * hundreds of levels, bodies that are all nesting. Rare, since each costs as much as hundreds of
 * others. They may be refused, they may not take the server with them.
 */
import { argumentsBody, type FuzzBody } from './generate-body.ts'
import type { Random } from './random.ts'

export interface ExtremeRequest {
  readonly method: string
  /** Needs no encoding. */
  readonly query: string
  readonly body?: FuzzBody
}

const maxBytes = 60_000

function fill(piece: string, bytes: number): string {
  return piece.repeat(Math.max(1, Math.floor(bytes / piece.length)))
}

function nested(open: string, inner: string, levels: number): string {
  return `${open.repeat(levels)}${inner}${')'.repeat(levels)}`
}

/** `embed`: an embed of the relation that reaches the relation itself, or any other name. */
export function extremeRequest(embed: string, random: Random): ExtremeRequest {
  const bytes = random.int(1, 60) * 1000
  const levels = random.pick([10, 20, 31, 32, 33, 99, 100, 101, 250, 2000])
  const read = (query: string): ExtremeRequest => ({
    method: 'GET',
    query: query.slice(0, maxBytes),
  })
  return random.oneOf<ExtremeRequest>([
    [1, () => read(`select=${fill('id,', bytes)}id`)],
    [1, () => read(`select=${random.times(1, 1700, (i) => `c${i}:id`).join(',')}`)],
    [1, () => read(`select=${fill(`${embed}(id),`, bytes / 20)}id`)],
    [1, () => read(`select=${nested(`${embed}(`, 'id', levels)}`)],
    [1, () => read(`select=${nested(`...${embed}(`, 'id', levels)}`)],
    [1, () => read(`select=id${fill('->a', bytes)}`)],
    [1, () => read(`select=id:id${fill('::text', bytes)}`)],
    [1, () => read(fill('id=gte.0&', bytes))],
    [1, () => read(`id=in.(${fill('1,', bytes)}1)`)],
    [1, () => read(`id=in.(${fill('"a\\"b",', bytes)}1)`)],
    [1, () => read(`and=(${fill('id.gte.0,', bytes)}id.lt.9)`)],
    [1, () => read(`and=(${nested('or(', 'id.gte.0', levels)})`)],
    [1, () => read(`and=(${nested('not.and(', 'id.gte.0,id.lt.9', levels)})`)],
    [1, () => read(`order=${fill('id.desc,', bytes)}id`)],
    [1, () => read(`id=eq.${fill('9', bytes)}`)],
    [1, () => read(`limit=${fill('9', bytes)}`)],
    [1, () => read(`limit=${fill('+', bytes)}x`)],
    [1, () => read(`${fill('a.', bytes)}id=eq.1`)],
    [1, () => read(`${fill('a->', bytes)}id=eq.1`)],
    [1, () => read(fill('%22', bytes))],
    [
      1,
      () => ({
        method: 'POST',
        query: `columns=${fill('id,', bytes)}id`,
        body: argumentsBody([{ name: 'id', type: 'integer' }], random),
      }),
    ],
    [
      1,
      () => {
        const rows = fill('{"id":1},', bytes * 4)
        return { method: 'POST', query: '', body: json(`[${rows}{"id":1}]`) }
      },
    ],
    [1, () => ({ method: 'POST', query: 'columns=id', body: json(fill('[', bytes)) })],
    [
      1,
      () => ({
        method: 'POST',
        query: 'columns=id',
        body: json(`{"id":${fill('[', levels)}1${fill(']', levels)}}`),
      }),
    ],
  ])
}

function json(text: string): FuzzBody {
  return { contentType: 'application/json', bytes: Buffer.from(text) }
}
