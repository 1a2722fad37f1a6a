/**
 * Sends notifications one after the other, as a process of its own: were they sent by whoever
 * measures, its answers would be late for its own sake. It gives way to database and server, since
 * whoever sends is on another machine elsewhere; the database's own work for it does not. Prints when it
 * began and when all were sent, in milliseconds, and ends.
 */
import { constants, setPriority } from 'node:os'
import pg from 'pg'

setPriority(constants.priority.PRIORITY_LOW)

const [, , uri = '', count = '0', channel = 'pgrst'] = process.argv
const client = new pg.Client(uri)
await client.connect()
process.stdout.write('ready\n')
// until then the process is starting, which takes a core
await new Promise((resolve) => process.stdin.once('data', resolve))
const now = () => performance.timeOrigin + performance.now()
const began = now()
for (let i = 0; i < Number(count); i += 1)
  await client.query(`notify ${client.escapeIdentifier(channel)}`)
process.stdout.write(JSON.stringify([began, now()]))
await client.end()
process.exit(0)
