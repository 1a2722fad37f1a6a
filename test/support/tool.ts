/**
 * Programs of others that some tests ask where they are there: `TEST_<NAME>` names one, else `PATH`
 * is looked through. Tests that lack theirs are skipped, with a warning that says which.
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Its path; null where it is not there. */
export function findTool(name: string): string | null {
  const variable = `TEST_${name.toUpperCase().replaceAll('-', '_')}`
  const named = process.env[variable]
  // one that is named and is not there fails its test, instead of skipping it
  if (named !== undefined && named !== '') return named
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  const found = folders.map((folder) => join(folder, name)).find(isExecutable)
  if (found === undefined) {
    console.warn(`${name} is not there (nor named by ${variable}): the tests with it are skipped`)
  }
  return found ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
