/**
 * What a column becomes when a value of a payload is assigned to it, by PostgreSQL's rules: the
 * value's text is read as the column's type, and must fit its length and precision. For engines that
 * would store whatever they are given.
 *
 * Rule     PostgreSQL manual: Value Storage; json_to_record (how JSON becomes other types)
 * Differs  a NaN is refused, since these engines have none
 */
import { textOfJsonString } from '../../core/json/json-members.ts'
import { err, ok } from '../../core/result.ts'
import { castTarget } from './cast-target.ts'
import { castValue } from './cast-value.ts'
import { numberOfText, parsedTypeOf, parseTypedText, type TypedText } from './parse-typed-text.ts'
import { storedAs } from './stored-as.ts'
import type { StoredForm } from './stored-form.ts'
import { valueFailure } from './value-failure.ts'
import type { ValueKind } from './value-kind.ts'

export interface AssignedType {
  readonly kind: ValueKind
  /** Without modifiers: `character varying`. */
  readonly baseType: string
  /** With them: `character varying(20)`. */
  readonly nominalType: string
  /** Of the dates, times and uuids that the column holds. */
  readonly form: StoredForm
}

/**
 * `json` is the value as sent. A boolean stays one, JSON is the text of a document.
 *
 * Errors  those of the type's grammar; 22001: too long; 22003: too large
 */
export function assignJson(type: AssignedType, json: string): TypedText {
  if (json === 'null') return ok(null)
  if (type.kind === 'json') return ok(json)
  const isText = json.startsWith('"')
  const text = isText ? textOfJsonString(json) : json
  if (type.kind === 'any') return ok(isText ? text : anyScalar(text))
  const value = parseTypedText(parsedTypeOf(type.kind, type.baseType), text)
  if (!value.ok) return value
  if (Number.isNaN(value.value)) {
    return err(valueFailure('0A000', `cannot store NaN in a column of type ${type.baseType}`))
  }
  return fitted(type, value.value)
}

/** Arrays and objects are kept as their text. */
function anyScalar(text: string) {
  if (text === 'true' || text === 'false') return text === 'true'
  return numberOfText(text) ?? text
}

type Value = Extract<TypedText, { ok: true }>['value']

/** Values of a limited type are fitted into it where nothing is lost but blanks and digits. */
function fitted({ kind, baseType, nominalType, form }: AssignedType, value: Value): TypedText {
  if (nominalType === baseType) {
    return ok(typeof value === 'string' ? storedAs(kind, form, value) : value)
  }
  const target = castTarget(nominalType)
  if (!target.ok) return ok(value)
  const [length] = target.value.modifiers
  if (target.value.kind === 'numeric') return castValue(target.value, 'numeric', value)
  if (target.value.kind !== 'text' || typeof value !== 'string' || length === undefined) {
    return ok(value)
  }
  const characters = [...value]
  if (characters.length <= length) return ok(value)
  if (characters.slice(length).every((each) => each === ' ')) {
    return ok(characters.slice(0, length).join(''))
  }
  return err(valueFailure('22001', `value too long for type ${nominalType}`))
}
