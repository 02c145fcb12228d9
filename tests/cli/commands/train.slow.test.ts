import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSafetensors } from '../../../src/checkpoints/safetensors.ts'
import { fovea, startFovea, temporaryFolder } from '../fovea.ts'

const tiny = [
  'train',
  'mini',
  '--batch',
  '1',
  '--text',
  '64',
  '--steps-vision',
  '1',
  '--steps-naming',
  '1',
  '--steps-dialogue',
]

describe('fovea train mini', () => {
  it('trains all stages and writes a model folder with loss curves', async () => {
    const out = temporaryFolder()
    const { status, stdout, stderr } = await fovea(...tiny, '1', '--out', out)
    expect(stderr).toMatch(
      /^learning a vocabulary of 1536 tokens from lessons\nvision +1\/1 patch .* s a step\nnaming +1\/1 still .* look .* s a step\ndialogue 1\/1 still .* film .* s a step\n$/,
    )
    expect(status).toBe(0)
    expect(stdout).toContain(join(out, 'model'))
    expect(readFileSync(join(out, 'dialogue.svg'), 'utf8')).toMatch(/^<svg/)
    const { tensors } = await openSafetensors(join(out, 'model/model.safetensors'))
    expect(tensors.has('language_model.model.embed_tokens.weight')).toBe(true)
    expect([...tensors.keys()].filter((name) => name.startsWith('dense.'))).toEqual([])
    expect(readdirSync(join(out, 'model')).sort()).toEqual([
      'chat_template.jinja',
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'preprocessor_config.json',
      'processor_config.json',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    const other = await fovea(...tiny, '1', '--out', out, '--seed', '9')
    expect(other.stderr).toContain('holds a training with seed 1, not 9')
    expect(other.stderr).not.toContain('vocabulary') // it is kept with the run
    expect(other.status).toBe(2)
  })

  it('refuses a folder that cannot be made, before it learns anything', async () => {
    const { status, stderr } = await fovea(...tiny, '1', '--out', 'package.json')
    expect(stderr).toMatch(/package\.json: a file lies on the way to it; choose another folder\n$/)
    expect(stderr).not.toContain('vocabulary')
    expect(status).toBe(5)
  })

  it('saves at Ctrl-C, says how to go on, and exits 130', async () => {
    const out = temporaryFolder()
    const { child, ended } = startFovea([...tiny, '1000', '--out', out])
    child.stderr!.on('data', (text: string) => {
      if (text.includes('dialogue 1/1000')) child.kill('SIGINT')
    })
    const { status, stderr } = await ended
    expect(stderr).toContain('stopped; the same command goes on from here: fovea train mini')
    expect(status).toBe(130)
    expect(existsSync(join(out, 'model'))).toBe(false)
    expect(readdirSync(join(out, 'dialogue')).some((name) => name.endsWith('.complete'))).toBe(true)
  })
})
