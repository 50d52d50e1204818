// Opens what the server sealed to a key of this browser: a link that signs in to a
// console.
//
// It is a JWE (RFC 7516), compact, by ECDH-ES on P-256 and A256GCM (RFC 7518), of the
// one form that the server writes. Its protected header says what it answers: what was
// sealed for another request, another fetch or other keys is refused.

const utf8 = new TextEncoder();

// opened gives the text that was sealed to a key. It must be bound as is said: by
// request, fetch and kid.
export async function opened(text, key, bound) {
  const parts = text.split('.');
  if (parts.length !== 5 || parts[1] !== '' || text.length > 1 << 17) throw new Error('no JWE of the one form');
  const [header, iv, sealed, tag] = [JSON.parse(strictly(bytes(parts[0]))), ...parts.slice(2).map(bytes)];
  const want = { alg: 'ECDH-ES', enc: 'A256GCM', typ: 'halligan-console', ...bound };
  const names = [...Object.keys(want), 'epk'].sort().join();
  if (Object.keys(header).sort().join() !== names) throw new Error('other members in the header');
  for (const [name, value] of Object.entries(want)) {
    if (typeof value !== 'string' || header[name] !== value) throw new Error(`${name} is of something else`);
  }
  if (iv.length !== 12 || tag.length !== 16) throw new Error('no JWE of the one form');
  const { kty, crv, x, y } = header.epk;
  const curve = { name: 'ECDH', namedCurve: 'P-256' };
  const theirs = await crypto.subtle.importKey('jwk', { kty, crv, x, y }, curve, false, []);
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, key, 256));
  const cek = await crypto.subtle.importKey('raw', await derived(shared, want.enc), 'AES-GCM', false, ['decrypt']);
  const how = { name: 'AES-GCM', iv, additionalData: utf8.encode(parts[0]), tagLength: 128 };
  return strictly(await crypto.subtle.decrypt(how, cek, joined(sealed, tag)));
}

// derived is the key that follows from what two keys share: the one round of the
// Concat KDF (RFC 7518, 4.6.2), with nothing said of the parties.
function derived(shared, enc) {
  const name = utf8.encode(enc);
  return crypto.subtle.digest('SHA-256', joined(number(1), shared, number(name.length), name, number(0), number(0), number(256)));
}

// link reads a sign-in: where it leads.
export function link(text) {
  const { SignInURL, Opens, Expiration, Version } = JSON.parse(text);
  const to = new URL(SignInURL);
  const here = to.protocol === 'http:' && /^(127\.[0-9.]+|\[::1\])$/.test(to.hostname);
  if (Version !== 1 || !(to.protocol === 'https:' || here) || to.username || to.password || !(Date.parse(Opens) > 0) || !(Date.parse(Expiration) > 0)) throw new Error('no sign-in');
  return { to: to.href };
}

function strictly(buffer) {
  return new TextDecoder('utf-8', { fatal: true }).decode(buffer);
}

function bytes(base64url) {
  if (!/^[A-Za-z0-9_-]*$/.test(base64url)) throw new Error('no base64url');
  return Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
}

function number(n) {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, n);
  return out;
}

// It stands in act.js too: what another asset takes from takes from none, or it has no address that holds (static.go).
function joined(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
