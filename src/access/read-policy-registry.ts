/**
 * The JSON text of `policy-registry` → the registry, read strictly: a rule that could be understood
 * in another way than it was meant refuses the whole.
 */
import {
  type JsonPlace,
  type JsonReader,
  jsonBoolean,
  jsonList,
  jsonMap,
  jsonObject,
  jsonOneOf,
  jsonOneOrMore,
  jsonText,
  jsonThen,
  orElse,
  readStrictJson,
} from '../core/json/strict-json.ts'
import { err, ok, type Result } from '../core/result.ts'
import { parsePredicate } from './parse-predicate.ts'
import {
  type AccessAction,
  accessActions,
  type Grant,
  type Policy,
  type PolicyRegistry,
  type Predicate,
  publicRole,
  type RoleEntry,
} from './policy-registry.ts'

/**
 * Shape   `{ "roles": {…}, "grants": […], "policies": […] }`, each of which may be left out
 * Errors  every problem, each with the path of its place: `$.grants[0].actions[1] is …`
 */
export function readPolicyRegistry(text: string): Result<PolicyRegistry, readonly string[]> {
  const read = readStrictJson(text, policyRegistry)
  if (!read.ok) return read
  const problems = [...inheritanceLoops(read.value.roles)]
  return problems.length === 0 ? ok(read.value) : err(problems)
}

const roleName = jsonText
const roleNames = jsonOneOrMore(roleName)
const action = jsonOneOf(accessActions)

const predicate: JsonReader<Predicate> = jsonThen(jsonText, (text, place) => {
  const parsed = parsePredicate(text)
  if (parsed.ok) return parsed.value
  place.tell(`${place.path}: ${parsed.error}`)
  return undefined
})

interface WrittenGrant {
  readonly role: readonly string[]
  readonly relation: readonly string[] | null
  readonly function: readonly string[] | null
  readonly actions: readonly AccessAction[] | null
  readonly columns: readonly string[] | null
}

const grant: JsonReader<Grant> = jsonThen(
  jsonObject<WrittenGrant>({
    role: roleNames,
    relation: orElse(jsonOneOrMore(jsonText), null),
    function: orElse(jsonOneOrMore(jsonText), null),
    actions: orElse(jsonOneOrMore(action), null),
    columns: orElse(jsonOneOrMore(jsonText), null),
  }),
  (written, place) => {
    const { role: roles, relation: relations, function: functions, actions, columns } = written
    if (relations !== null && functions === null) {
      if (actions === null) return tell(place, 'has no actions')
      if (columns !== null && actions.includes('delete')) {
        return tell(place, 'has columns, but delete is granted of whole rows')
      }
      return { kind: 'relation', roles, relations, actions, columns }
    }
    if (functions === null || relations !== null) {
      return tell(place, 'should have either relation or function')
    }
    if (actions !== null || columns !== null) {
      return tell(place, 'has actions or columns, which a function has not')
    }
    return { kind: 'function', roles, functions }
  },
)

interface WrittenPolicy {
  readonly name: string
  readonly role: readonly string[]
  readonly relation: string
  readonly actions: readonly AccessAction[]
  readonly restrictive: boolean
  readonly using: Predicate | null
  readonly with_check: Predicate | null
}

const policy: JsonReader<Policy> = jsonThen(
  jsonObject<WrittenPolicy>({
    name: jsonText,
    role: roleNames,
    relation: jsonText,
    actions: orElse(jsonOneOrMore(action), accessActions),
    restrictive: orElse(jsonBoolean, false),
    using: orElse(predicate, null),
    with_check: orElse(predicate, null),
  }),
  ({ name, role, relation, actions, restrictive, using, with_check }, place) => {
    const reads = actions.some((each) => each !== 'insert')
    const writes = actions.includes('insert') || actions.includes('update')
    if (reads && using === null) return tell(place, 'has no using')
    if (!reads && using !== null) return tell(place, 'has using, but new rows have with_check only')
    if (!reads && with_check === null) return tell(place, 'has no with_check')
    if (!writes && with_check !== null) return tell(place, 'has with_check, but writes no rows')
    const check = with_check ?? using
    return { name, roles: role, relation, actions, restrictive, using, check }
  },
)

const role: JsonReader<RoleEntry> = jsonObject<RoleEntry>({
  inherits: orElse(jsonList(roleName), []),
  bypassPolicies: orElse(jsonBoolean, false),
})

const roles: JsonReader<ReadonlyMap<string, RoleEntry>> = jsonThen(jsonMap(role), (read, place) => {
  return read.has(publicRole)
    ? tell(place, `has ${publicRole}, which is everybody and no role`)
    : read
})

const noRoles: ReadonlyMap<string, RoleEntry> = new Map()

const policyRegistry = jsonObject<PolicyRegistry>({
  roles: orElse(roles, noRoles),
  grants: orElse(jsonList(grant), []),
  policies: orElse(jsonList(policy), []),
})

function tell({ path, tell }: JsonPlace, problem: string): undefined {
  tell(`${path} ${problem}`)
  return undefined
}

/** Roles that inherit themselves, over others or directly. */
function* inheritanceLoops(entries: ReadonlyMap<string, RoleEntry>): Generator<string> {
  for (const name of entries.keys()) {
    if (inheritedRoles(entries, name).has(name)) {
      yield `$.roles[${JSON.stringify(name)}].inherits leads back to ${name}`
    }
  }
}

/** All that a role inherits, over others too; itself only where there is a loop. */
export function inheritedRoles(
  entries: ReadonlyMap<string, RoleEntry>,
  name: string,
): ReadonlySet<string> {
  const inherited = new Set<string>()
  const left = [...(entries.get(name)?.inherits ?? [])]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (inherited.has(next)) continue
    inherited.add(next)
    left.push(...(entries.get(next)?.inherits ?? []))
  }
  return inherited
}
