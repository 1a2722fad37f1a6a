/** A registry's file that changes: one signal for each text that it has. */
import { BehaviorSubject } from 'rxjs'
import { expect, test } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import { watchRegistryFiles } from '../../../src/sources/watch-registry-files.ts'
import { createRecording } from './record-source.ts'

function watch(configured: Config['policyRegistry'], files: Record<string, string>) {
  const recording = createRecording()
  const config = (policyRegistry: Config['policyRegistry']): Config => ({
    ...defaultConfig('sqlite'),
    policyRegistry,
  })
  const configSubject = new BehaviorSubject(config(configured))
  let looks = 0
  const subscription = recording.record(
    watchRegistryFiles({
      config$: configSubject,
      async readFile(path) {
        looks += 1
        const text = files[path]
        if (text === undefined) throw new Error('gone')
        return Buffer.from(text)
      },
      scheduler: recording.clock.scheduler,
    }),
  )
  return {
    ...recording,
    files,
    looks: () => looks,
    use: (next: Config['policyRegistry']) => configSubject.next(config(next)),
    end: () => subscription.unsubscribe(),
  }
}

test('tells of a text that is not the one in use, once', async () => {
  const { clock, told, files, end } = watch({ file: 'a.json', text: '{}' }, { 'a.json': '{}' })
  await clock.advance(3000)
  expect(told()).toEqual([])
  files['a.json'] = '{"grants":[]}'
  await clock.advance(3000)
  expect(told()).toEqual(['4000 registry-file both check'])
  end()
})

test('a change between the reading of the configuration and the first look is not missed', async () => {
  const { clock, told, end } = watch({ file: 'a.json', text: 'old' }, { 'a.json': 'new' })
  await clock.advance(2000)
  expect(told()).toEqual(['1000 registry-file both check'])
  end()
})

test('tells of a file that is gone, and of its return', async () => {
  const { clock, told, files, end } = watch({ file: 'a.json', text: '{}' }, {})
  await clock.advance(2000)
  files['a.json'] = '{}'
  await clock.advance(2000)
  expect(told()).toEqual(['1000 registry-file both check', '3000 registry-file both check'])
  end()
})

test('looks at the files of the configuration in use, and at none where there is none', async () => {
  const { clock, told, looks, use, end } = watch({ file: null, text: '{}' }, { 'b.json': 'two' })
  await clock.advance(3000)
  expect(looks()).toBe(0)
  use({ file: 'b.json', text: 'one' })
  await clock.advance(1000)
  expect(told()).toEqual(['4000 registry-file both check'])
  use({ file: 'b.json', text: 'two' })
  await clock.advance(5000)
  expect(told()).toEqual([])
  use(null)
  const before = looks()
  await clock.advance(5000)
  expect(looks()).toBe(before)
  end()
})
