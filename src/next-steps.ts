/**
 * What a server that was told nothing says in place of trying PostgreSQL's defaults for ever: the first
 * commands for who is new here.
 */
import type { Config } from './config/config.ts'
import { hasSqliteName } from './config/detect-engine.ts'
import { productName } from './core/product.ts'

/** Neither arguments, nor file, nor environment say anything of a database, not even libpq's variables. */
export function isNothingConfigured(
  places: { readonly configFile?: string; readonly database?: string },
  { given }: Pick<Config, 'given'>,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const isSaid = places.configFile !== undefined || places.database !== undefined
  const hasVariable = Object.keys(env).some((name) => /^(?:PG[A-Z]|DBREST_)/.test(name))
  return !isSaid && !hasVariable && !given.has('dbUri')
}

/** `files`: names in the folder where it was started. */
export function nextSteps(files: readonly string[]): string {
  const [file] = files.filter(hasSqliteName).toSorted()
  return `There is no database to serve: nothing is configured. Name one:

  ${productName} ${file ?? 'films.db'}
  ${productName} postgresql://user@localhost/films
  ${productName} mongodb://localhost/films

or write a configuration file, and serve what it names:

  ${productName} --example > dbrest.conf
  ${productName} dbrest.conf

${productName} postgresql:// serves the PostgreSQL of this machine, ${productName} --help says the rest.
`
}
