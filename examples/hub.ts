/** Looks at a model, fetches it where it fits, checks it, and says what the cache holds: npx tsx examples/hub.ts ORG/NAME */
import { freemem } from 'node:os'
import { hub } from '../src/index.ts'

const [name] = process.argv.slice(2)
const { family, problem, parameters, memory } = await hub.describe(name)
if (problem) throw new Error(problem)

const fitting = memory.find(({ total }) => total < freemem())
console.log(
  `${name}: ${family}, ${(parameters / 1e6).toFixed(1)} M parameters, fits as ${fitting?.precision ?? 'nothing'}`,
)

// Another call goes on from where an aborted one stopped.
const signal = AbortSignal.timeout(30 * 60_000)
const { folder, fetched } = await hub.pull(name, {
  signal,
  onProgress: ({ bytes, totalBytes }) => process.stderr.write(`\r${((100 * bytes) / totalBytes).toFixed(0)} %`),
})
console.log(`\n${folder}: ${fetched} bytes came`)

const { files, faults } = await hub.verify(name, { repair: true, signal })
console.log(`${files.length} files, ${faults.length} were damaged and are mended`)
for (const { id, bytes, revisions } of await hub.list())
  console.log(`${id}: ${bytes} bytes, ${revisions.map(({ refs }) => refs.join()).join('; ')}`)
