/**
 * The step of a build that writes the JavaScript in dist: each program is a file, with files beside it
 * for what several of them share and for what is imported once it is needed, such as an engine. A start
 * reads some thirty files in place of 450. Dependencies stay packages, found when it runs. The compiler
 * has checked the types and written the declarations before.
 */
import { join } from 'node:path'
import { build } from 'rolldown'

/** The programs and the package's door: paths under src/, and under dist/. */
const entries = ['main', 'open-dbrest', 'worker-main', 'backends/sqlite/child/sqlite-child']

await build({
  cwd: join(import.meta.dirname, '..'),
  input: Object.fromEntries(entries.map((name) => [name, `./src/${name}.ts`])),
  platform: 'node',
  external: /^[@a-z]/,
  output: {
    dir: 'dist',
    // one folder for all that is shared: a stack trace names the same file in each build
    chunkFileNames: '[name].js',
    comments: { jsdoc: false },
    sourcemap: true,
    // with --enable-source-maps a start reads them, and the package has no sources
    sourcemapExcludeSources: true,
  },
})
