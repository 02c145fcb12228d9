/**
 * VP8 has frames that are never shown, which others are decoded from. Decoders give nothing out for them, so what comes
 * out is counted against those that are shown alone.
 */
import { CustomVideoDecoder, type EncodedPacket, registerDecoder, VideoSample } from 'mediabunny'

/** The fifth bit of a frame's header (RFC 6386, section 9.1). */
export const isShown = (frame: Uint8Array): boolean => (frame[0] & 0x10) !== 0

/** Chunks on their way through the decoder; more would only hold memory. */
const MOST_QUEUED = 16

class Vp8Decoder extends CustomVideoDecoder {
  private decoder?: VideoDecoder
  /** Of frames that have yet to come out, in seconds. */
  private readonly expected: { timestamp: number; duration: number }[] = []

  static override supports(codec: string): boolean {
    return codec === 'vp8' && typeof VideoDecoder !== 'undefined'
  }

  init(): void {
    this.decoder = new VideoDecoder({ output: (frame) => this.emit(frame), error: (error) => this.onError(error) })
    this.decoder.configure(this.config)
  }

  async decode(packet: EncodedPacket): Promise<void> {
    const decoder = this.decoder!
    const { data, timestamp, duration } = packet
    if (isShown(data)) this.expected.push({ timestamp, duration })
    while (decoder.decodeQueueSize > MOST_QUEUED) await new Promise((resolve) => setTimeout(resolve, 1))
    decoder.decode(packet.toEncodedVideoChunk())
  }

  async flush(): Promise<void> {
    await this.decoder!.flush()
    this.expected.length = 0
  }

  close(): void {
    if (this.decoder?.state !== 'closed') this.decoder?.close()
  }

  private emit(frame: VideoFrame): void {
    const next = this.expected.shift()
    if (next) this.onSample(new VideoSample(frame, next))
    else frame.close()
  }
}

registerDecoder(Vp8Decoder)
