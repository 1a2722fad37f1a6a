/**
 * The types that a field may have, as a validator tells or as were seen → the one kind that its
 * operands are read by, and PostgreSQL's word for it. One type is strict as a column of PostgreSQL;
 * whole numbers of both widths are the wider one; other mixtures stay a union.
 */
import type { FieldKind } from '../bson/field-kind.ts'
import type { SeenKind } from './seen-fields.ts'

export interface InferredType {
  readonly kind: FieldKind
  /** Of a list of one type: the kind of its members; else null. */
  readonly elements: FieldKind | null
  /** In PostgreSQL's words: `bigint`, `text[]`, `jsonb`; `any` where there is none. */
  readonly type: string
  /** Told to clients: `objectid` where `type` is the text that they see. */
  readonly nominalType: string
}

const types: Readonly<Record<FieldKind, string>> = {
  int: 'integer',
  long: 'bigint',
  double: 'double precision',
  decimal: 'numeric',
  string: 'text',
  dateText: 'date',
  timeText: 'time without time zone',
  timestampText: 'timestamp without time zone',
  bool: 'boolean',
  date: 'timestamp with time zone',
  objectId: 'text',
  uuid: 'uuid',
  binary: 'bytea',
  array: 'jsonb',
  document: 'jsonb',
  other: 'json',
  mixed: 'any',
  any: 'any',
}

/** The kind alone: of a column, or of the members of a list. */
function unite(kinds: ReadonlySet<SeenKind>): FieldKind {
  const [first, ...more] = kinds
  if (first === undefined) return 'any'
  if (more.length === 0) return first
  const within = (...allowed: readonly SeenKind[]) =>
    [...kinds].every((kind) => allowed.includes(kind))
  if (within('int', 'long')) return 'long'
  if (within('int', 'long', 'double')) return 'double'
  if (within('int', 'long', 'decimal')) return 'decimal'
  if (within('array', 'document')) return 'document'
  return 'mixed'
}

/** Lists of documents or of lists are JSON: an element of theirs has no text of its own. */
const unlisted: readonly FieldKind[] = ['any', 'mixed', 'array', 'document', 'other']

const numbers: readonly SeenKind[] = ['int', 'long', 'double', 'decimal']

export function inferType(
  kinds: ReadonlySet<SeenKind>,
  elements: ReadonlySet<SeenKind>,
): InferredType {
  const kind = unite(kinds)
  if (kind === 'array') {
    const member = unite(elements)
    if (unlisted.includes(member)) return { ...named('array'), elements: null }
    const { type, nominalType } = named(member)
    return { kind, elements: member, type: `${type}[]`, nominalType: `${nominalType}[]` }
  }
  // doubles and decimals are told apart by what they are equal to, yet all of them are numbers
  if (kind === 'mixed' && [...kinds].every((each) => numbers.includes(each))) {
    return { ...named(kind), type: 'numeric', nominalType: 'numeric' }
  }
  return named(kind)
}

function named(kind: FieldKind): InferredType {
  const type = types[kind]
  return { kind, elements: null, type, nominalType: kind === 'objectId' ? 'objectid' : type }
}

/** Whether a value of one kind can be equal to one of the other. */
export function isComparable(a: FieldKind, b: FieldKind): boolean {
  const isNumber = (kind: FieldKind) => numbers.some((each) => each === kind)
  return a === b || (isNumber(a) && isNumber(b))
}
