/**
 * What a request gives a registered function → BSON values, read as the types of its parameters: texts
 * by the grammar of a type, JSON by PostgreSQL's rules for JSON that becomes one.
 */
import { Binary } from 'mongodb'
import type { ApiRequest } from '../../../api/api-request.ts'
import { assertNever } from '../../../core/assert-never.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import type { CallPlan } from '../../../plan/plan.ts'
import {
  callPairs,
  jsonArguments,
  payloadBytes,
  payloadText,
} from '../../../plan/request-values.ts'
import type { RegisteredParameter } from '../../registry/registered-routine.ts'
import type { RegisteredType } from '../../registry/registered-type.ts'
import { parseArrayLiteral } from '../../values/array-literal.ts'
import type { ParsedType } from '../../values/parse-typed-text.ts'
import { escapeFailure } from '../../values/payload-records.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { BsonValue } from '../bson/bson-value.ts'
import { storedKind } from '../bson/field-kind.ts'
import { assign } from '../bson/payload-documents.ts'
import { readOperand } from '../bson/typed-operand.ts'
import type { MongodbFunction } from '../catalog/registered-pipelines.ts'
import { refuse } from './mongodb-refusal.ts'

type Read = Result<BsonValue, DatabaseFailure>

/**
 * The arguments of a call by the names of its parameters, with the defaults of those that are not
 * given. `plan` null: it takes none.
 *
 * Throws  CompileRefusal: 22P02 …, those of the types' grammars
 */
export function readArguments(
  { parameters }: MongodbFunction,
  plan: CallPlan | null,
  request: ApiRequest,
): ReadonlyMap<string, BsonValue> {
  const members = plan?.arguments.kind === 'json' ? membersOf(request) : null
  return new Map(
    [...parameters].map(([name, parameter]) => {
      const read = readArgument(name, parameter, plan, request, members)
      return [name, read.ok ? read.value : refuse(read.error)] as const
    }),
  )
}

function membersOf(request: ApiRequest): ReadonlyMap<string, string> {
  return (
    jsonArguments(request) ?? refuse(valueFailure('22P02', 'invalid input syntax for type json'))
  )
}

function readArgument(
  name: string,
  { type, isRawBody, defaultJson }: RegisteredParameter,
  plan: CallPlan | null,
  request: ApiRequest,
  members: ReadonlyMap<string, string> | null,
): Read {
  const wire = isRawBody ? '' : name
  const given = plan?.parameters.find((each) => each.name === wire)
  if (given === undefined || plan === null) {
    return defaultJson === null ? ok(null) : ofJson(type, defaultJson)
  }
  switch (plan.arguments.kind) {
    case 'whole-body':
      return wholeBody(type, request)
    case 'direct': {
      const pairs = callPairs(request)
      if (isRawBody) return ofText(type, JSON.stringify(Object.fromEntries(pairs)))
      const texts = pairs.flatMap(([key, text]) => (key === name ? [text] : []))
      if (given.isVariadic) return listOf(texts, (text) => ofMember(type.parsed, text))
      const text = texts.at(-1)
      return text === undefined ? ok(null) : ofText(type, text)
    }
    case 'json':
      return ofJson(type, members?.get(name) ?? 'null')
    default:
      return assertNever(plan.arguments)
  }
}

function wholeBody(type: RegisteredType, request: ApiRequest): Read {
  if (type.parsed !== 'bytea') return ofText(type, payloadText(request) ?? '')
  return ok(new Binary(payloadBytes(request) ?? new Uint8Array()))
}

function ofText(type: RegisteredType, text: string): Read {
  if (!type.isArray) return ofMember(type.parsed, text)
  const members = parseArrayLiteral(text)
  if (!members.ok) return members
  return listOf(members.value, (member) =>
    member === null ? ok(null) : ofMember(type.parsed, member),
  )
}

function ofMember(parsed: ParsedType, text: string): Read {
  return readOperand(storedKind(parsed), text)
}

function ofJson({ parsed, isArray }: RegisteredType, json: string): Read {
  const escaped = escapeFailure(json)
  if (escaped !== null) return err(escaped)
  const kind = storedKind(parsed)
  return isArray ? assign('array', kind, json) : assign(kind, null, json)
}

function listOf<T>(members: readonly T[], read: (member: T) => Read): Read {
  const values: BsonValue[] = []
  for (const member of members) {
    const value = read(member)
    if (!value.ok) return value
    values.push(value.value)
  }
  return ok(values)
}
