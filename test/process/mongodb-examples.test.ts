/**
 * The examples of docs/mongodb.md, typed in as they stand there: the script that fills a database, and
 * what curl is answered by a server with the page's functions.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { askUntil } from '../support/http-client.ts'
import { createMongodbDatabase, describeMongodb } from '../support/mongodb.ts'
import { serve } from '../support/test-server.ts'

const root = join(import.meta.dirname, '..', '..')
const page = readFileSync(join(root, 'docs', 'mongodb.md'), 'utf8')

/** The text below a heading, up to the next one. */
function sectionOf(title: string): string {
  return page.split(/^## /m).find((section) => section.startsWith(`${title}\n`)) ?? ''
}

interface Example {
  readonly command: string
  /** As the page shows it, with `…` for what it leaves out; null: nothing is shown. */
  readonly answer: string | null
}

/** Of the curl commands of a section: the answer is the comment below, or the block that follows. */
function examplesOf(section: string): readonly Example[] {
  const blocks = [...section.matchAll(/```sh\n(.*?)```(?:\n\n```json5\n(.*?)```)?/gs)]
  return blocks.flatMap(([, script = '', shown]) => {
    const commands = [...script.matchAll(/^(curl (?:.*\\\n)*.*)\n(?:# (.*)\n)?/gm)]
    return commands.map(([, command = '', comment]) => ({
      command,
      answer: comment ?? shown?.replaceAll(/\n\s*/g, '') ?? null,
    }))
  })
}

const examples = [
  ...examplesOf(sectionOf('A worked example')),
  ...examplesOf(sectionOf('Functions')),
]

describeMongodb('the page on MongoDB', () => {
  test('shows what is answered', async () => {
    const database = await createMongodbDatabase()
    onTestFinished(() => database.drop())
    const fill = /```js\n(.*?)```/s.exec(sectionOf('A worked example'))?.[1] ?? ''
    const script = fill.replace('mongodb://localhost/shop', database.uri)
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root })
    const functions = /```json\n(.*?)```/s.exec(sectionOf('Functions'))?.[1] ?? ''
    const server = await serve({
      args: [database.uri],
      env: { DBREST_FUNCTION_REGISTRY: functions },
    })
    await askUntil(200, `${server.adminUrl}/ready`)
    expect(examples.filter(({ answer }) => answer !== null).length).toBeGreaterThan(7)
    for (const { command, answer } of examples) {
      const typed = command.replaceAll('localhost:3000', server.url.replace('http://', ''))
      const answered = execFileSync('sh', ['-c', typed.replace('curl ', 'curl -s ')], {
        encoding: 'utf8',
      })
      const [start = '', end] = (answer ?? '').split('…')
      const isLeftOut = end !== undefined && answered.startsWith(start) && answered.endsWith(end)
      expect(isLeftOut ? answer : answered, command).toBe(answer ?? '')
    }
  })
})
