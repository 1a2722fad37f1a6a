/**
 * Runs a function in the writer process, inside a transaction that its caller has begun and ends: its
 * statements in their order, then what the request wants to see of the rows of the last one.
 */
import { isUtf8 } from 'node:buffer'
import type { ChildReply } from '../wire/reply-frames.ts'
import type { CallProgram } from '../wire/write-program.ts'
import { keysText } from './write-keys.ts'
import type { BoundProgram, Row } from './write-statements.ts'

export type Called = Extract<ChildReply, { kind: 'called' }>

const noBytes = new Uint8Array()

/** Throws  what SQLite says of the statements */
export function runCall(bound: BoundProgram<CallProgram>): Called {
  const { statements, shown } = bound.program
  let rows: readonly Row[] = []
  for (const statement of statements) rows = bound.run(statement, {}).rows
  const keys = keysText(rows, false)
  const [body = null, count = 0n, total = null, headers = null, status = null] = bound.first(
    shown,
    { keys },
  )
  const bytes = body instanceof Uint8Array ? body : noBytes
  return {
    kind: 'called',
    rows: Number(count),
    total: total === null ? null : Number(total),
    controls: { headers: textOrNull(headers), status: textOrNull(status) },
    // SQLite takes any bytes for a text; JSON and CSV are UTF-8
    body: isUtf8(bytes) ? bytes : Buffer.from(Buffer.from(bytes).toString()),
  }
}

function textOrNull(value: Row[number]): string | null {
  return value === null ? null : String(value)
}
