import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** Runs a program to its end, however that is. */
export const run = (cwd: string, command: string, ...args: string[]): Promise<Ended> =>
  new Promise((resolve) =>
    execFile(command, args, { cwd, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    ),
  )

/** The same for a program that must end well; what it printed. */
export async function printed(cwd: string, command: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(cwd, command, ...args)
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${stdout}\n${stderr}`)
  return stdout
}

export const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), 'fovea-package-'))
export const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true })

/** What a clone has, without a build, and with the packages of this one. */
export async function cloneTree(): Promise<string> {
  const folder = await temporary()
  const files = (await printed(root, 'git', 'ls-files', '--', ':!tests', ':!bench', ':!docs/papers', ':!docs/images'))
    .trim()
    .split('\n')
  for (const file of files) await cp(join(root, file), join(folder, file), { verbatimSymlinks: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

export async function temporaryClone(): Promise<string> {
  const folder = await cloneTree()
  onTestFinished(() => remove(folder))
  return folder
}

/** The program under "As a library" in the README. */
export async function librarySnippet(): Promise<string> {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  return /## As a library\n+```ts\n(.*?)```/s.exec(readme)![1]
}
