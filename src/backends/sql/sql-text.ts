/**
 * SQL text whose values are bound and whose identifiers are quoted. Fragments are composed with
 * the `sql` tag, which takes other fragments only, so no plain string slips into a statement by
 * interpolation; `toStatement` numbers the placeholders at the end. Used by the compilers of both
 * SQL engines; `bind-params.ts` finds the values.
 */
import type { QualifiedName } from '../../core/qualified-name.ts'
import type { ParamRef } from './param-ref.ts'

interface Param {
  readonly ref: ParamRef
  readonly type: number
}

/** A fragment: text between parameters. Immutable, may be used several times. */
export interface SqlText {
  readonly parts: readonly (string | Param)[]
}

/** A finished statement. `params` and `types` run parallel to the placeholders. */
export interface SqlStatement {
  readonly text: string
  readonly params: readonly ParamRef[]
  /** PostgreSQL type oids; 0 leaves the type to the server. */
  readonly types: readonly number[]
}

/** The fragment that adds nothing. */
export const noSql: SqlText = { parts: [] }

/**
 * Composes fragments: sql`SELECT ${columns} FROM ${relation}`.
 *
 * Rule  the literal pieces are our own words; whatever comes from outside is a fragment made by
 *       `ident`, `param` or, for text the catalog or a strict grammar vouches for, `raw`
 */
export function sql(pieces: TemplateStringsArray, ...fragments: readonly SqlText[]): SqlText {
  const parts: (string | Param)[] = []
  pieces.forEach((piece, index) => {
    if (piece !== '') parts.push(piece)
    const fragment = fragments[index]
    if (fragment !== undefined) parts.push(...fragment.parts)
  })
  return { parts }
}

/** Text taken over as it is. The caller vouches for it, and says why beside the call. */
export function raw(text: string): SqlText {
  return text === '' ? noSql : { parts: [text] }
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
  return { parts: [quoteIdentifier(name)] }
}

/** `"schema"."name"`, or the bare name where the schema is empty. */
export function qualified(name: QualifiedName): SqlText {
  const quoted = quoteIdentifier(name.name)
  return { parts: [name.schema === '' ? quoted : `${quoteIdentifier(name.schema)}.${quoted}`] }
}

/**
 * A string literal, for the few names from the catalog that cannot be a parameter: `E'…'` where a
 * backslash could be read in two ways. Never for what a client sent.
 */
export function literal(name: string): SqlText {
  const quoted = `'${name.replaceAll("'", "''")}'`
  return raw(quoted.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted)
}

/** A placeholder; `type` is a PostgreSQL type oid where the server must not guess. */
export function param(ref: ParamRef, type = 0): SqlText {
  return { parts: [{ ref, type }] }
}

/** A placeholder for text that is part of the request's shape. */
export function constant(text: string, type = 0): SqlText {
  return param({ kind: 'const', text }, type)
}

/** `separator` is our own text, such as `', '`. */
export function join(fragments: readonly SqlText[], separator: string): SqlText {
  const parts: (string | Param)[] = []
  fragments.forEach((fragment, index) => {
    if (index > 0) parts.push(separator)
    parts.push(...fragment.parts)
  })
  return { parts }
}

/** How an engine writes its n-th placeholder, counted from 1. */
export type Placeholder = (index: number) => string

/** Numbers the placeholders, left to right. */
export function toStatement(fragment: SqlText, placeholder: Placeholder): SqlStatement {
  const params: ParamRef[] = []
  const types: number[] = []
  let text = ''
  for (const part of fragment.parts) {
    if (typeof part === 'string') {
      text += part
    } else {
      params.push(part.ref)
      types.push(part.type)
      text += placeholder(params.length)
    }
  }
  return { text, params, types }
}
