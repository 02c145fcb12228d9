/** The package as its users get it: packed, and installed in an empty project with all scripts blocked. */
import { copyFile, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cloneTree, librarySnippet, printed, remove, root, run, temporary } from './tree.ts'

let clone: string
let project: string
const fovea = (...args: string[]) => run(project, 'node', 'node_modules/fovea/dist/cli.js', ...args)

beforeAll(async () => {
  clone = await cloneTree()
  project = await temporary()
  await printed(clone, 'npm', 'run', 'build')
  await printed(clone, 'npm', 'pack', '--pack-destination', project)
  await writeFile(join(project, 'package.json'), '{ "type": "module" }')
  const [tarball] = (await readdir(project)).filter((name) => name.endsWith('.tgz'))
  await printed(project, 'npm', 'install', '--ignore-scripts', '--prefer-offline', '--no-audit', `./${tarball}`)
  await mkdir(join(project, 'examples'))
  for (const name of ['scene.png', 'clip.mp4'])
    await copyFile(join(root, 'examples', name), join(project, 'examples', name))
}, 600_000)
afterAll(() => Promise.all([clone, project].filter(Boolean).map(remove)))

/** Bytes that a folder takes on the disk, as `du` counts them. */
async function diskUse(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    bytes += 512 * (await lstat(join(entry.parentPath, entry.name))).blocks
  return bytes
}

// Other systems have other libraries of sharp; the limit was set for this one.
it.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
  'takes at most 331 MiB beside the adapters of methods',
  async () => {
    const packages = join(project, 'node_modules')
    const adapters = join(packages, 'fovea/models/fovea-mini/methods')
    expect(((await diskUse(packages)) - (await diskUse(adapters))) / 2 ** 20).toBeLessThan(331)
  },
)

it('brings no package that only some need, and the licences of what was built in', async () => {
  const packages = await readdir(join(project, 'node_modules'))
  expect(packages).toEqual(expect.arrayContaining(['fovea', 'onnxruntime-node', 'sharp']))
  for (const name of ['onnxruntime-web', '@napi-rs', 'mediabunny', 'zod']) expect(packages).not.toContain(name)
  const licenses = await readFile(join(project, 'node_modules/fovea/dist/licenses.txt'), 'utf8')
  for (const name of ['zod', 'commander', '@huggingface/hub', '@huggingface/tokenizers'])
    expect(licenses).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\((MIT|Apache-2\\.0)\\)\n\n.{500}`, 'ms'))
})

it('answers, prunes and shows a paper with its results', async () => {
  const words = ['ask', 'examples/scene.png', 'what color is the star?', '--method', 'fastv:layer=2,keep=.25']
  expect(await fovea(...words)).toMatchObject({ code: 0, stdout: 'yellow\n144 -> 36 visual tokens\n' })
  const { code, stdout } = await fovea('papers', 'fastv', '--json')
  expect(code).toBe(0)
  expect(JSON.stringify(JSON.parse(stdout))).toContain('fastv')
})

it('knows the results of papers, and judges them, as a clone does', async () => {
  const known = await printed(clone, 'node', 'dist/cli.js', 'papers', '--json')
  expect(known).toContain('"checks"')
  expect(await printed(project, 'node', 'node_modules/fovea/dist/cli.js', 'papers', '--json')).toBe(known)
})

it('names what is to be installed where a package is missing that only some need', async () => {
  const missing = (purpose: string, ...packages: string[]) =>
    `fovea: ${purpose} needs ${packages.join(' and ')}, which Fovea does not install by itself: npm install ${packages.join(' ')}\n`
  const drawing = missing('drawing', '@napi-rs/canvas')
  const video = missing('reading videos', 'mediabunny', '@napi-rs/webcodecs')
  const image = (name: string, purpose: string, ...packages: string[]) =>
    missing(purpose, ...packages).replace('fovea: ', `fovea: ${name}: `)
  for (const name of ['scene.heic', 'lossless.jxl'])
    await copyFile(join(root, 'tests/fixtures/images', name), join(project, 'examples', name))
  const cases: [string, ...string[]][] = [
    [image('examples/scene.heic', 'reading HEIC images', 'libheif-js'), 'ask', 'examples/scene.heic', 'what is red?'],
    [
      image('examples/lossless.jxl', 'reading JPEG XL images', 'jxl-oxide-wasm'),
      'ask',
      'examples/lossless.jxl',
      'what?',
    ],
    [video, 'ask', 'examples/clip.mp4', 'what is red?', '--frames-as-images'],
    [drawing, 'ask', 'examples/scene.png', 'where is the star?', '--overlay', 'kept.png'],
    [drawing, 'world', '--n', '1', '--out', 'scenes'],
    [drawing, 'eval', 'world', '--n', '1'],
  ]
  for (const [stderr, ...args] of cases) {
    const ended = await fovea(...args)
    expect({ args, code: ended.code, stderr: ended.stderr }).toEqual({ args, code: 5, stderr })
  }
})

it('runs the library snippet of the README as it stands there', async () => {
  await writeFile(join(project, 'snippet.js'), await librarySnippet())
  const stdout = await printed(project, 'node', 'snippet.js')
  expect(stdout).toMatch(/^no \{ before: 144, after: 144, last: 36.*? \} \{\n.*prefill: .*\}\ncircle$/s)
})

it.each(['bundler', 'nodenext'])('types the snippet strictly, resolved as %s does', async (moduleResolution) => {
  await writeFile(join(project, 'snippet.ts'), await librarySnippet())
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    module: moduleResolution === 'bundler' ? 'esnext' : 'nodenext',
    moduleResolution,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  }
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['snippet.ts'] }))
  expect(await run(project, 'node', join(root, 'node_modules/typescript/bin/tsc'))).toMatchObject({
    code: 0,
    stdout: '',
  })
})
