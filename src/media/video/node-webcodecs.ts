/** Importing this file gives Node what browsers have: `VideoDecoder`, `VideoFrame` and the rest of WebCodecs. */
import '@napi-rs/webcodecs/polyfill'
