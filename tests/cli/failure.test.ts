import { afterEach, describe, expect, it, vi } from 'vitest'
import { escapeText } from '../../src/cli/escape.ts'
import { describeFailure } from '../../src/cli/failure.ts'
import { FoveaError } from '../../src/errors.ts'

afterEach(() => vi.unstubAllEnvs())

describe('failures', () => {
  it.each([
    ['usage', 2],
    ['input', 3],
    ['network', 4],
    ['resource', 5],
  ] as const)('of kind %s exit %i', (kind, exitCode) => {
    expect(describeFailure(new FoveaError('code', kind, 'why'))).toEqual({ message: 'why', exitCode })
  })

  it('stay on one line and cannot move the cursor', () => {
    const error = new FoveaError('code', 'input', 'a\u001b[2J\nb\r\u0007\u202ec\u009b')
    expect(describeFailure(error).message).toBe('a\\u001b[2J\\nb\\r\\u0007\\u202ec\\u009b')
    expect(escapeText('a\nb\t\u001b')).toBe('a\nb\t\\u001b')
  })

  it('that nobody foresaw exit 1 and say how to see the stack', () => {
    const { message, exitCode } = describeFailure(new TypeError('x is not a function'))
    expect(exitCode).toBe(1)
    expect(message).toBe('x is not a function (this is a bug in fovea; set FOVEA_DEBUG=1 for the stack)')
    vi.stubEnv('FOVEA_DEBUG', '1')
    expect(describeFailure('text').message).toBe('text')
  })

  it('of native libraries exit 5 and name the fix', () => {
    const missing = new Error("Cannot find module '../bin/napi-v6/linux/x64/onnxruntime_binding.node'\nRequire stack:")
    expect(describeFailure(missing)).toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(/run npm ci .*\.node'\)$/),
    })
    const handles = Object.assign(new Error("Cannot find package '/a/sharp/index.js' imported from /b/decode.js"), {
      code: 'ERR_MODULE_NOT_FOUND',
    })
    expect(describeFailure(handles)).toEqual({
      exitCode: 5,
      message:
        "a part of fovea cannot be found; install it again, or allow more open files (ulimit -n) if that is low (Cannot find package '/a/sharp/index.js' imported from /b/decode.js)",
    })
    const foreign = Object.assign(new Error('invalid ELF header'), { code: 'ERR_DLOPEN_FAILED' })
    expect(describeFailure(foreign).exitCode).toBe(5)
  })
})
