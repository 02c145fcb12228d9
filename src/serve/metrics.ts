/** Measures under the names that vLLM gives them, so that its dashboards work, and Fovea's own. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Generated, Progress } from './engine/job.ts'
import type { Queue } from './engine/queue.ts'

const TTFT = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
]
const STEP = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]
const WHOLE = [0.05, 0.1, 0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 60, 120, 240, 480]
const TOKENS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]

const LABELS = ['model_name', 'engine'] as const

/** Follows one request through the queue and the engine. */
export interface Watch {
  started(): void
  progress(progress: Progress): void
  ended(result: Generated): void
  failed(reason: 'abort' | 'error'): void
}

export class Metrics {
  readonly registry = new Registry()
  private readonly labels: Record<(typeof LABELS)[number], string>

  constructor(modelName: string, queue: Queue) {
    this.labels = { model_name: modelName, engine: '0' }
    this.gauge('vllm:num_requests_running', 'Requests that the engine works on', () => queue.running)
    this.gauge('vllm:num_requests_waiting', 'Requests in line', () => queue.waiting)
  }

  private gauge(name: string, help: string, read: () => number): void {
    const { labels, registry } = this
    const collect = function (this: Gauge) {
      this.set(labels, read())
    }
    new Gauge({ name, help, labelNames: LABELS, registers: [registry], collect })
  }

  private readonly counters = new Map<string, Counter>()
  private readonly histograms = new Map<string, Histogram>()

  private count(name: string, help: string, value: number, more: Record<string, string> = {}): void {
    const { registry, labels, counters } = this
    const labelNames = [...LABELS, ...Object.keys(more)]
    const counter = counters.get(name) ?? new Counter({ name, help, labelNames, registers: [registry] })
    counters.set(name, counter)
    counter.inc({ ...labels, ...more }, value)
  }

  private observe(name: string, help: string, buckets: number[], value: number): void {
    const { registry, labels, histograms } = this
    const made = { name, help, buckets, labelNames: LABELS, registers: [registry] }
    const histogram = histograms.get(name) ?? new Histogram(made)
    histograms.set(name, histogram)
    histogram.observe(labels, value)
  }

  watch(): Watch {
    const arrived = performance.now()
    const seconds = (from: number) => (performance.now() - from) / 1000
    let [started, said] = [arrived, 0]
    return {
      started: () => {
        started = performance.now()
        this.observe('vllm:request_queue_time_seconds', 'Time in line', WHOLE, seconds(arrived))
      },
      progress: ({ type }) => {
        if (type !== 'text') return
        if (said > 0)
          this.observe('vllm:inter_token_latency_seconds', 'Between pieces of an answer', STEP, seconds(said))
        else this.observe('vllm:time_to_first_token_seconds', 'Until the first piece', TTFT, seconds(arrived))
        said = performance.now()
      },
      ended: (result) => {
        this.observe('vllm:e2e_request_latency_seconds', 'From arrival to end', WHOLE, seconds(arrived))
        this.observe('vllm:request_inference_time_seconds', 'In the engine', WHOLE, seconds(started))
        this.ended(result)
      },
      failed: (reason) => this.finish(reason),
    }
  }

  private finish(finished_reason: string): void {
    this.count('vllm:request_success_total', 'Requests by how they ended', 1, { finished_reason })
  }

  private ended({ tokens, milliseconds, finishReason, method }: Generated): void {
    const { prompt, cached, generated, visual } = tokens
    this.finish(finishReason)
    this.count('vllm:prompt_tokens_total', 'Tokens that were read', prompt)
    this.count('vllm:generation_tokens_total', 'Tokens that were said', generated)
    this.count('vllm:prefix_cache_queries_total', 'Prompt tokens looked for in the cache', prompt)
    this.count('vllm:prefix_cache_hits_total', 'Prompt tokens found in the cache', cached)
    this.observe('vllm:request_prompt_tokens', 'Tokens of a prompt', TOKENS, prompt)
    this.observe('vllm:request_generation_tokens', 'Tokens of an answer', TOKENS, generated)
    this.observe('vllm:request_prefill_time_seconds', 'Reading a prompt', WHOLE, milliseconds.prefill / 1000)
    this.observe('vllm:request_decode_time_seconds', 'Saying an answer', WHOLE, milliseconds.decode / 1000)
    this.observe('fovea:vision_encode_seconds', 'Encoding images', WHOLE, milliseconds.vision / 1000)
    const id = method.split(/[:+]/)[0]
    this.count('fovea:visual_tokens_total', 'Visual tokens before and after reduction', visual.before, {
      stage: 'before',
      method: id,
    })
    this.count('fovea:visual_tokens_total', 'Visual tokens before and after reduction', visual.last, {
      stage: 'after',
      method: id,
    })
    if (visual.before > 0) {
      // an image whose features were kept from an earlier request costs no time of the encoder
      this.count('vllm:mm_cache_queries_total', 'Requests with images', 1)
      this.count(
        'vllm:mm_cache_hits_total',
        'Requests whose images were all encoded before',
        Number(milliseconds.vision === 0),
      )
    }
  }
}
