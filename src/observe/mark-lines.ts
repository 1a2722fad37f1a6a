/**
 * What the log says of the schema mark.
 */
import { always, type LogLine, silent } from './log-line.ts'
import type { Observation } from './observation.ts'

type AboutMark = Extract<Observation, { readonly kind: 'schema-mark' | 'change-unmarked' }>

export function markLine(observation: AboutMark): LogLine {
  if (observation.kind === 'change-unmarked') {
    return always(
      'WARNING: A change of the schema was found that the schema mark had not told of: roles and settings move no mark, and a disabled event trigger none at all. The mark was moved, so that every server looks.',
    )
  }
  switch (observation.state) {
    case 'found':
      return {
        level: 'info',
        texts: ['The database has a schema mark: it is looked at in place of the catalogs'],
      }
    case 'unfit':
      return always(
        `WARNING: The schema mark is not used, ${observation.cause}: ${consequence(observation.isNeeded)}.`,
      )
    case 'absent':
      return observation.isNeeded
        ? always(
            `ERROR: The database has no schema mark: ${consequence(true)}. dbrest schema-mark install puts one in.`,
          )
        : always('The schema mark is gone: the catalogs are looked at')
    default:
      return silent
  }
}

function consequence(isNeeded: boolean): string {
  return isNeeded
    ? 'with db-schema-strict no request can be answered'
    : 'the catalogs are looked at instead'
}
