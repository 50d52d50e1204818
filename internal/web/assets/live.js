// Keeps a page that is looked at true: when something happens in the cell, the main
// part is fetched again, and clocks run down meanwhile.

const main = document.getElementById('main');
// The one place where text becomes markup: what this server answered to us.
const policy = window.trustedTypes?.createPolicy('halligan', { createHTML: (text) => text }) ?? { createHTML: (text) => text };

let waiting = 0;
let touched = false;
main.addEventListener('input', () => { touched = true; });

let missed = false;

// listen hears of what happens; whoever was away looks again.
function listen() {
  const news = new EventSource('/api/v1/watch');
  news.addEventListener('entry', () => {
    clearTimeout(waiting);
    waiting = setTimeout(again, 250);
  });
  news.addEventListener('open', () => {
    toldOf(null);
    if (missed) again();
    missed = false;
  });
  news.addEventListener('error', () => {
    missed = true;
    toldOf('Not live: the server does not answer. It is asked again.');
    if (news.readyState !== EventSource.CLOSED) return;
    again();
    setTimeout(listen, 3000);
  });
}

if (main.dataset.live) {
  listen();
  document.addEventListener('visibilitychange', () => { if (!document.hidden) again(); });
}

// again fetches the main part, unless somebody is writing in it.
async function again() {
  if (touched || main.querySelector('[data-busy]') || main.contains(document.activeElement) && document.activeElement.matches('input, textarea, select, button')) {
    toldOf('Something happened since this page was made. Load it again when you are done here.');
    return;
  }
  const address = new URL(main.dataset.live, location.href);
  address.searchParams.set('part', 'main');
  const answer = await fetch(address, { credentials: 'same-origin' }).catch(() => null);
  if (!answer) return;
  if (answer.redirected) {
    location.reload();
    return;
  }
  if (!answer.ok) return;
  const page = await answer.text();
  const open = [...main.querySelectorAll('details[open][id]')].map((each) => each.id);
  main.innerHTML = policy.createHTML(page);
  for (const id of open) document.getElementById(id)?.setAttribute('open', '');
  clocks();
}

// toldOf says something about the page itself, at its head.
function toldOf(text) {
  let place = document.getElementById('told');
  if (!place && !text) return;
  if (!place) {
    place = document.createElement('p');
    place.id = 'told';
    place.className = 'told';
    place.setAttribute('role', 'status');
    main.before(place);
  }
  place.textContent = text ?? '';
  place.hidden = !text;
}

// clocks shows what is left until an instant, and the reader's own time of others.
function clocks() {
  for (const each of main.querySelectorAll('[data-until]')) {
    const left = Math.max(0, Math.round((new Date(each.dataset.until) - Date.now()) / 1000));
    const two = (n) => String(n).padStart(2, '0');
    const hours = Math.floor(left / 3600);
    const minutes = Math.floor(left / 60) % 60;
    each.textContent = hours > 0 ? `${hours}:${two(minutes)}:${two(left % 60)}` : `${minutes}:${two(left % 60)}`;
  }
  for (const each of main.querySelectorAll('time[datetime]:not([title])')) {
    each.title = new Date(each.dateTime).toLocaleString();
  }
}

clocks();
setInterval(clocks, 1000);
