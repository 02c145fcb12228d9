import { expect, it } from 'vitest'
import { assertOptions, FoveaError, whereMissing } from '../src/errors.ts'

const load = (name: string): Promise<unknown> => import(/* @vite-ignore */ name)

it('names the packages to install where an import of them finds none, and nothing else', async () => {
  const missing = whereMissing('the device webgpu', 'onnxruntime-web')
  const name = 'onnxruntime-web'
  const error = Object.assign(new Error(`Cannot find package '${name}' imported from here`), {
    code: 'ERR_MODULE_NOT_FOUND',
  })
  await expect(Promise.reject(error).catch(missing)).rejects.toMatchObject({
    code: 'package_missing',
    kind: 'resource',
    cause: error,
    message:
      'the device webgpu needs onnxruntime-web, which Fovea does not install by itself: npm install onnxruntime-web',
  })
  await expect(load('/nowhere/else.js').catch(missing)).rejects.not.toBeInstanceOf(FoveaError)
})

it('takes options that are there, of their types, and undefined', () => {
  const forms = { size: 'number', kind: ['a', 'b'], onDone: 'function' } as const
  const check = (options: object) => () =>
    assertOptions<{ size?: number; kind?: string; onDone?: () => void }>('f', options, forms)
  expect(check({ size: 1, kind: 'b', onDone: () => {} })).not.toThrow()
  expect(check({ size: undefined, kind: undefined })).not.toThrow()
  expect(check({ toString: 1 })).toThrow('f: there is no option toString; there are size, kind, onDone')
  expect(check({ size: null })).toThrow('f: size is a number, not null')
  expect(check({ onDone: [] })).toThrow('f: onDone is a function, not an Array')
  expect(check([])).toThrow('f: options are an object, such as { size: ... }, not an Array')
})
