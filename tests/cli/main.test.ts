import { describe, expect, it } from 'vitest'
import { version } from '../../src/hub/package-root.ts'
import { fovea, startFovea, temporaryFolder } from './fovea.ts'
import { writeTinyModel } from './tiny-model.ts'

describe('fovea', () => {
  it('lists its commands when called with nothing', async () => {
    const { status, stdout } = await fovea()
    expect(status).toBe(0)
    expect(stdout).toMatch(/papers +\S/)
    expect(stdout).toMatch(/world +\S/)
  })

  it('prints its version', async () => {
    expect(await fovea('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
    expect(version).toMatch(/^\d+\.\d+\.\d+/)
  })

  it.each([
    [['paprs'], "unknown command 'paprs'; did you mean papers?"],
    [['papers', '--knid', 'x'], "unknown option '--knid'; did you mean --kind?"],
    [['papers', '--kind', 'redcer'], 'no kind of paper named "redcer"; did you mean reducer?'],
    [['papers', 'show'], "missing required argument 'id'; see fovea papers show --help"],
    [['world'], 'say where to write: --out <folder> or --gallery <file>; see fovea world --help'],
    [['pa\u001b[31mpers'], "unknown command 'pa\\u001b[31mpers'; did you mean papers?"],
  ])('refuses %j with exit code 2 on one line', async (args, message) => {
    expect(await fovea(...args)).toEqual({ status: 2, stdout: '', stderr: `fovea: ${message}\n` })
  })

  it('exits 0 when the reader leaves', async () => {
    const { child, ended } = startFovea(['papers', '--json'])
    child.stdout!.destroy()
    expect(await ended).toMatchObject({ status: 0, stderr: '' })
  })

  it('ends cleanly at the first Ctrl-C and exits 130', async () => {
    const { child, ended } = startFovea(['world', '--n', '100000', '--out', temporaryFolder()])
    setTimeout(() => child.kill('SIGINT'), 2000)
    const { status, stderr } = await ended
    expect(status).toBe(130)
    expect(stderr).toMatch(/^stopped after \d+ of 100000 samples/)
  })

  it('ends at once at the second Ctrl-C', async () => {
    const { child, ended } = startFovea(['eval', 'world', '--model', await writeTinyModel(temporaryFolder())])
    child.stderr!.once('data', () => {
      child.kill('SIGINT')
      child.kill('SIGINT')
    })
    expect((await ended).status).toBe(130)
  })
})
