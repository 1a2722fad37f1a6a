/**
 * `npm start`: serves the sample database "films" from examples/films, the API on port 3000 and the
 * admin server on 3001. What is missing is made first: the database in .data/ and the build in
 * dist/. Options in the environment win, so `DBREST_SERVER_PORT=4000 npm start` is another port.
 * A path as argument is another build's `main.js`, which has to be there: `npm run dev` gives its
 * own.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'

const root = join(import.meta.dirname, '..')
const database = join(root, '.data', 'films.db')
const main = process.argv[2] ?? join(root, 'dist', 'main.js')

function createDatabase() {
  mkdirSync(join(root, '.data'), { recursive: true })
  // a database that is only half filled never gets the name
  const unfinished = `${database}.new`
  rmSync(unfinished, { force: true })
  const db = new Database(unfinished)
  for (const name of ['schema.sql', 'data.sql']) {
    db.exec(readFileSync(join(root, 'examples', 'films', name), 'utf8'))
  }
  db.close()
  renameSync(unfinished, database)
  console.error(`Created the sample database ${database}`)
}

function setUnlessGiven(option, value) {
  const isGiven = [`DBREST_${option}`, `PGRST_${option}`].some((name) => name in process.env)
  if (!isGiven) process.env[`DBREST_${option}`] = value
}

if (!existsSync(database)) createDatabase()
if (!existsSync(main)) {
  const { status } = spawnSync('npm', ['run', '-s', 'build'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
setUnlessGiven('SERVER_PORT', '3000')
setUnlessGiven('ADMIN_SERVER_PORT', '3001')
setUnlessGiven('DB_AGGREGATES_ENABLED', 'true')
setUnlessGiven('LOG_LEVEL', 'info')
process.argv.splice(1, process.argv.length - 1, main, database)
await import(main)
