/** Seals what waits on this device for a connection: anybody's page can seal, only the signed-in user's can open.

 The console derives the user's keys from its own secret and a number of this device, which is gone with the sign-out; so
 is whatever was sealed. Sealing needs the public key alone, so that it works without a connection (ECDH on P-256, then
 AES-256-GCM, as ECDH-ES of RFC 7518 section 4.6 does it, with HKDF).
 */
const CURVE = { name: 'ECDH', namedCurve: 'P-256' } as const

export interface Sealed {
  ephemeral: JsonWebKey
  nonce: Uint8Array<ArrayBuffer>
  content: ArrayBuffer
}

/** Return a value sealed for whoever has the private key to a public one. */
export async function seal(value: unknown, to: JsonWebKey): Promise<Sealed> {
  const pair = await crypto.subtle.generateKey(CURVE, true, ['deriveBits'])
  const recipient = await crypto.subtle.importKey('jwk', to, CURVE, false, [])
  const key = await agree(pair.privateKey, recipient, 'encrypt')
  const nonce = crypto.getRandomValues(new Uint8Array(12))
  const text = new TextEncoder().encode(JSON.stringify(value))
  const content = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, text)
  return { ephemeral: await crypto.subtle.exportKey('jwk', pair.publicKey), nonce, content }
}

/** Return what was sealed for one of some private keys; null if it was for none of them. */
export async function open(sealed: Sealed, keys: JsonWebKey[]): Promise<unknown> {
  const ephemeral = await crypto.subtle.importKey('jwk', sealed.ephemeral, CURVE, false, [])
  for (const jwk of keys) {
    const own = await crypto.subtle.importKey('jwk', jwk, CURVE, false, ['deriveBits'])
    const key = await agree(own, ephemeral, 'decrypt')
    const text = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: sealed.nonce }, key, sealed.content).catch(() => null)
    if (text) return JSON.parse(new TextDecoder().decode(text))
  }
  return null
}

/** Return the public part of a private key. */
export function publicPart({ kty, crv, x, y }: JsonWebKey): JsonWebKey {
  return { kty, crv, x, y }
}

async function agree(own: CryptoKey, other: CryptoKey, use: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: other }, own, 256)
  const material = await crypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveKey'])
  const way = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info: new TextEncoder().encode('houniao outbox') }
  return crypto.subtle.deriveKey(way, material, { name: 'AES-GCM', length: 256 }, false, [use])
}
