// Has the device make a passkey, and shows the line by which a roster knows it.

import { whyNone } from './act.js';

const form = document.querySelector('form[data-make]');

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('button[type=submit]');
  button.disabled = true;
  say('');
  try {
    show(await ask(await make()));
  } catch (problem) {
    say(problem.message);
  }
  button.disabled = false;
});

// make has the device make it. The handle is random, so that another one never takes
// its place there.
async function make() {
  if (!window.PublicKeyCredential) throw new Error('This browser has no passkeys. Use another, or an SSH key.');
  const name = form.elements.person.value.trim();
  let credential;
  try {
    credential = await navigator.credentials.create({
      publicKey: {
        challenge: bytes(form.dataset.make),
        rp: { id: form.dataset.host, name: form.dataset.host },
        user: { id: crypto.getRandomValues(new Uint8Array(16)), name, displayName: name },
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
        attestation: 'none',
        timeout: 300000,
      },
    });
  } catch (error) {
    throw new Error('Nothing was made. ' + sentence(whyNone(error, form.dataset.host, 'Press the button again when you are ready')));
  }
  const { attestationObject, clientDataJSON } = credential.response;
  return new URLSearchParams({ person: name, attestation: base64(attestationObject), client_data: base64(clientDataJSON) });
}

async function ask(fields) {
  let answer;
  try {
    answer = await fetch(form.action, { method: 'POST', body: fields, headers: { Accept: 'application/json' }, credentials: 'same-origin', redirect: 'error' });
  } catch {
    throw new Error('The server did not answer. The passkey is made; delete it from the device before you make another.');
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error([told.detail || told.title || 'the server refused', told.hint].filter(Boolean).map(sentence).join(' '));
  return told;
}

function show(made) {
  document.getElementById('line').textContent = made.line;
  document.getElementById('fingerprint').textContent = made.fingerprint;
  document.getElementById('copied').hidden = !made.copied;
  document.getElementById('unverified').hidden = made.verified;
  const place = document.getElementById('made');
  place.hidden = false;
  form.hidden = true;
  place.focus();
}

function say(text) {
  const place = form.querySelector('[role=alert]');
  place.hidden = !text;
  place.textContent = text;
}

function sentence(text) {
  const one = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(one) ? one : one + '.';
}

function bytes(text) {
  return Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
}

function base64(buffer) {
  let text = '';
  for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
  return btoa(text);
}
