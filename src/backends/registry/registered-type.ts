/**
 * The types that a function registry names, in PostgreSQL's words: what clients are told of them,
 * and what values they are read and shown as.
 */
import { castTarget } from '../values/cast-target.ts'
import { type ParsedType, parsedTypeOf } from '../values/parse-typed-text.ts'

export interface RegisteredType {
  /** In full, as signatures and the OpenAPI document have it: `integer`, `text[]`. */
  readonly name: string
  /** What columns of it are to the rest of the server: arrays are documents. */
  readonly baseType: string
  /** What the text of a value, or of each member of an array, is read as. */
  readonly parsed: ParsedType
  readonly isArray: boolean
}

/** Names in full, where they are not the one that the grammar of values has. */
const fullNames: Readonly<Record<string, string>> = {
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  'timestamp with time zone': 'timestamp with time zone',
  time: 'time without time zone',
  timetz: 'time with time zone',
  jsonb: 'jsonb',
}

/**
 * Null for what is no type: the name of a relation perhaps.
 *
 * Shape   `INT4[]` → `integer[]`, `varchar(20)` → `character varying`
 */
export function registeredType(text: string): RegisteredType | null {
  const isArray = text.trimEnd().endsWith('[]')
  const element = (isArray ? text.trimEnd().slice(0, -2) : text).trim()
  const target = castTarget(element)
  if (!target.ok) return null
  const { kind, name: parsedName } = target.value
  const key = element.toLowerCase().replace(/\s+/g, ' ')
  const name = (Object.hasOwn(fullNames, key) ? fullNames[key] : undefined) ?? fullName(parsedName)
  return {
    name: isArray ? `${name}[]` : name,
    baseType: isArray ? 'json' : name === 'real' ? 'double precision' : name,
    parsed: parsedTypeOf(kind, name),
    isArray,
  }
}

function fullName(name: string): string {
  return fullNames[name] ?? name
}
