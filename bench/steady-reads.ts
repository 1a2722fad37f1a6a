/**
 * Reads a URL every few milliseconds, whether or not the last read has been answered, until its input
 * ends, and then prints when each began and how long it took: `[[at, ms], …]`, in milliseconds.
 *
 * A process of its own, which does nothing else and goes before others where the system lets it: clients
 * have other machines, and what they wait for this one's processors is nothing that the server does.
 */
import { Agent, get } from 'node:http'
import { constants, setPriority } from 'node:os'
import { text } from 'node:stream/consumers'

const [, , url = '', everyMs = '5'] = process.argv
try {
  setPriority(constants.priority.PRIORITY_HIGH)
} catch (failure) {
  // only root may
  console.error(`the reads go before no others, and may be late by themselves: ${failure}`)
}
const agent = new Agent({ keepAlive: true })
const reads: [number, number][] = []
const running = new Set<Promise<void>>()

async function read(): Promise<void> {
  const begin = performance.now()
  await new Promise<void>((resolve, reject) => {
    // by the number the loop's monitor knows that requests are served
    get(url, { agent, headers: { 'X-Request-Number': '1' } }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${url} was answered ${answer.statusCode}`))
      text(answer).then(() => resolve(), reject)
    }).on('error', reject)
  })
  reads.push([performance.timeOrigin + begin, performance.now() - begin])
}

const timer = setInterval(() => {
  const reading = read().finally(() => running.delete(reading))
  running.add(reading)
}, Number(everyMs))
process.stdout.write('ready\n')
await text(process.stdin)
clearInterval(timer)
await Promise.all(running)
agent.destroy()
process.stdout.write(JSON.stringify(reads))
