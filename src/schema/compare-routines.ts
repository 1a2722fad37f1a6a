/**
 * The order of a function's overloads in a snapshot: fewest parameters first, so that the first
 * overload that takes the arguments is the tightest; the message of an ambiguous call (PGRST203)
 * lists them in it.
 *
 * Rule  PostgREST docs: functions (Overloaded functions), errors (PGRST203)
 */
import { compareLists, compareTexts } from '../core/compare-texts.ts'
import type { ReturnType, Routine, RoutineParameter } from './catalog.ts'

const returnKinds: readonly ReturnType['kind'][] = ['void', 'scalar', 'composite']
const volatilities: readonly Routine['volatility'][] = ['volatile', 'stable', 'immutable']
const isolationLevels: readonly Routine['isolationLevel'][] = [
  null,
  'read-committed',
  'repeatable-read',
  'serializable',
]

function compareParameters(a: RoutineParameter, b: RoutineParameter): number {
  return (
    compareTexts(a.name, b.name) ||
    compareTexts(a.type, b.type) ||
    compareTexts(a.wideType, b.wideType) ||
    Number(a.isRequired) - Number(b.isRequired) ||
    Number(a.isVariadic) - Number(b.isVariadic)
  )
}

function compareReturns(a: ReturnType, b: ReturnType): number {
  return (
    Number(a.isSet) - Number(b.isSet) ||
    returnKinds.indexOf(a.kind) - returnKinds.indexOf(b.kind) ||
    compareTexts(a.type.schema, b.type.schema) ||
    compareTexts(a.type.name, b.type.name) ||
    Number(a.isCompositeAlias) - Number(b.isCompositeAlias)
  )
}

function compareDescriptions(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null)
  return compareTexts(a, b)
}

/** For overloads of one name. */
export function compareRoutines(a: Routine, b: Routine): number {
  return (
    a.parameters.length - b.parameters.length ||
    compareDescriptions(a.description, b.description) ||
    compareLists(a.parameters, b.parameters, compareParameters) ||
    compareReturns(a.returns, b.returns) ||
    volatilities.indexOf(a.volatility) - volatilities.indexOf(b.volatility) ||
    Number(a.hasVariadic) - Number(b.hasVariadic) ||
    isolationLevels.indexOf(a.isolationLevel) - isolationLevels.indexOf(b.isolationLevel) ||
    compareLists(
      a.settings,
      b.settings,
      ([aName, aValue], [bName, bValue]) =>
        compareTexts(aName, bName) || compareTexts(aValue, bValue),
    )
  )
}
