import { expect, test } from 'vitest'
import { dumpConfig } from '../../../src/config/dump-config.ts'
import { exampleConfig } from '../../../src/config/example-config.ts'
import { loadTestConfig } from '../../support/load-test-config.ts'

const example = exampleConfig()

test('changes nothing as it is', () => {
  expect(dumpConfig(loadTestConfig({ file: example }))).toBe(dumpConfig(loadTestConfig({})))
})

test('uncommented, it gives every option its default', () => {
  const lines = example.split('\n').map((line) => line.replace(/^# /, ''))
  const file = lines.filter((line) => !line.startsWith('app.settings')).join('\n')
  const dump = dumpConfig(loadTestConfig({ file }))
  // an absent search path and an empty one are spelled differently
  expect(dump).toBe(dumpConfig(loadTestConfig({})))
  for (const line of dump.trim().split('\n')) expect(example).toContain(`# ${line}\n`)
})

test('is told in lines of at most 100 characters', () => {
  const long = example.split('\n').filter((line) => line.startsWith('##') && line.length > 100)
  expect(long).toEqual([])
})

test('shows no hidden option', () => {
  expect(example).not.toContain('internal-')
})
