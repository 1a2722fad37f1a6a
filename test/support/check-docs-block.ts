/**
 * A block of a page that is shown and not played → whether it is well-formed, by whoever reads such
 * text: SQL by PostgreSQL, which parses it and runs nothing.
 */
import { parse } from 'yaml'
import { createTestDatabase } from './shared-cluster.ts'

type Check = (text: string) => void | Promise<void>

const checks: Readonly<Record<string, Check>> = {
  json: (text) => {
    JSON.parse(text)
  },
  yaml: (text) => {
    parse(text, { strict: true })
  },
  ini: readLines,
  sql: parseSql,
}

/** `name = value`, sections and comments, which is as far as the programs that read such files agree. */
function readLines(text: string): void {
  for (const line of text.split('\n')) {
    if (!/^\s*(?:[#;].*|\[[\w.-]+\]|[\w.*-]+\s*=.*)?$/.test(line)) {
      throw new Error(`not a line of a configuration file: ${line}`)
    }
  }
}

/** A function's statements are parsed when it is compiled, and these stand behind its end. */
async function parseSql(text: string): Promise<void> {
  const database = await createTestDatabase()
  try {
    await database.query(
      `do $parsed$ begin return; ${text.trim().replace(/;$/, '')}\n; end $parsed$`,
    )
  } finally {
    await database.drop()
  }
}

/** Null where it is well-formed, else what is said of it. */
export async function checkBlock(language: string, text: string): Promise<string | null> {
  const check = checks[language]
  if (check === undefined) return `nothing checks ${language}`
  try {
    await check(text)
    return null
  } catch (error) {
    return String(error)
  }
}
