/**
 * SQL text whose values are bound and whose identifiers are quoted. Fragments are composed with
 * the `sql` tag, which takes other fragments only, so no plain string slips into a statement by
 * interpolation; `toStatement` numbers the placeholders at the end. Used by the compilers of both
 * SQL engines; `bind-params.ts` finds the values.
 */
import type { QualifiedName } from '../../core/qualified-name.ts'
import type { ApiError } from '../../errors/api-error.ts'
import type { ParamRef } from './param-ref.ts'

interface Param {
  readonly kind: 'param'
  readonly ref: ParamRef
  readonly type: number
}

/** A fragment: text, parameters and other fragments. Immutable, may be used several times. */
export interface SqlText {
  readonly kind: 'fragment'
  readonly parts: readonly (string | Param | SqlText)[]
  /** Characters that it takes in a statement, about; a fragment used twice in it counts twice. */
  readonly size: number
}

/**
 * Longer statements are not sent. As many filters as a request may have need half of it, unless
 * the request multiplies what it asks for.
 */
const maxSize = 500_000

/** What a placeholder counts for, so that the statement stays below the engines' 32,766 of them. */
const paramSize = 32

/** Thrown while composing, caught where a plan is compiled. */
export class StatementTooLong extends Error {
  constructor() {
    super(`a statement of more than ${maxSize} characters`)
    this.name = 'StatementTooLong'
  }
}

/** What the client is told of it. */
export const statementTooLong: ApiError = {
  kind: 'too-complex',
  details: `Its statement would be longer than ${maxSize} characters.`,
}

/** A finished statement. `params` and `types` run parallel to the placeholders. */
export interface SqlStatement {
  readonly text: string
  readonly params: readonly ParamRef[]
  /** In the engine's numbers: type oids on PostgreSQL, readings of operands on SQLite; 0: none. */
  readonly types: readonly number[]
}

/** The fragment that adds nothing. */
export const noSql = fragment([])

/**
 * Composes fragments: sql`SELECT ${columns} FROM ${relation}`.
 *
 * Rule  the literal pieces are our own words; whatever comes from outside is a fragment made by
 *       `ident`, `param` or, for text the catalog or a strict grammar vouches for, `raw`
 */
export function sql(pieces: TemplateStringsArray, ...fragments: readonly SqlText[]): SqlText {
  const parts: SqlText['parts'][number][] = []
  pieces.forEach((piece, index) => {
    if (piece !== '') parts.push(piece)
    const inserted = fragments[index]
    if (inserted !== undefined) parts.push(inserted)
  })
  return fragment(parts)
}

function fragment(parts: SqlText['parts']): SqlText {
  let size = 0
  for (const part of parts) {
    size += typeof part === 'string' ? part.length : part.kind === 'param' ? paramSize : part.size
  }
  if (size > maxSize) throw new StatementTooLong()
  return { kind: 'fragment', parts, size }
}

/** Text taken over as it is. The caller vouches for it, and says why beside the call. */
export function raw(text: string): SqlText {
  return fragment([text])
}

/**
 * Quotes an identifier. The only place where identifiers are quoted.
 *
 * Shape  `say "hi"` → `"say ""hi"""`; cut at a NUL, which no identifier can hold
 */
export function quoteIdentifier(name: string): string {
  const end = name.indexOf('\0')
  const clean = end === -1 ? name : name.slice(0, end)
  return `"${clean.replaceAll('"', '""')}"`
}

export function ident(name: string): SqlText {
  return fragment([quoteIdentifier(name)])
}

/** `"schema"."name"`, or the bare name where the schema is empty. */
export function qualified(name: QualifiedName): SqlText {
  const quoted = quoteIdentifier(name.name)
  return fragment([name.schema === '' ? quoted : `${quoteIdentifier(name.schema)}.${quoted}`])
}

/** A placeholder; `type` says, in the engine's numbers, what the value is to be taken for. */
export function param(ref: ParamRef, type = 0): SqlText {
  return fragment([{ kind: 'param', ref, type }])
}

/** A placeholder for text that is part of the request's shape. */
export function constant(text: string, type = 0): SqlText {
  return param({ kind: 'const', text }, type)
}

/** `separator` is our own text, such as `', '`. */
export function join(fragments: readonly SqlText[], separator: string): SqlText {
  return fragment(fragments.flatMap((each, index) => (index === 0 ? [each] : [separator, each])))
}

/** More operands than this are put into groups. */
const operandsPerGroup = 64

/**
 * The fragments joined by an operator that does not care for grouping, AND or OR: in groups of
 * groups, since parsers make of a chain a tree as deep as the chain is long.
 */
export function joinGrouped(fragments: readonly SqlText[], operator: string): SqlText {
  if (fragments.length <= operandsPerGroup) return join(fragments, operator)
  const groups: SqlText[] = []
  for (let at = 0; at < fragments.length; at += operandsPerGroup) {
    groups.push(sql`(${join(fragments.slice(at, at + operandsPerGroup), operator)})`)
  }
  return joinGrouped(groups, operator)
}

/** How an engine writes its n-th placeholder, counted from 1. */
export type Placeholder = (index: number) => string

export interface StatementOptions {
  /** A parameter of a fragment that is used several times is one placeholder, its value sent once. */
  readonly sharesParams?: boolean
  /** A number that is written in place of a parameter; null: a placeholder stands for it. */
  readonly inline?: (ref: ParamRef) => number | null
}

/** Numbers the placeholders, left to right. */
export function toStatement(
  statement: SqlText,
  placeholder: Placeholder,
  { sharesParams = false, inline = () => null }: StatementOptions = {},
): SqlStatement {
  const params: ParamRef[] = []
  const numbers = new Map<Param, number>()
  const types: number[] = []
  const texts: string[] = []
  // a stack of its own: clients decide how deep conditions nest
  const pending: SqlText['parts'][number][] = [statement]
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (typeof part === 'string') {
      texts.push(part)
    } else if (part.kind === 'param') {
      const number = inline(part.ref)
      if (number !== null) {
        texts.push(String(number))
        continue
      }
      const known = sharesParams ? numbers.get(part) : undefined
      if (known === undefined) {
        params.push(part.ref)
        types.push(part.type)
        numbers.set(part, params.length)
      }
      texts.push(placeholder(known ?? params.length))
    } else {
      for (let at = part.parts.length - 1; at >= 0; at -= 1) {
        const next = part.parts[at]
        if (next !== undefined) pending.push(next)
      }
    }
  }
  return { text: texts.join(''), params, types }
}
