import { createClient } from '/client/index.js';

const SNACKBAR_MS = 5000;
const FIGURES = {
  open: 'open',
  in_progress: 'in progress',
  done: 'done',
  urgent: 'urgent',
  low_stock: 'low stock',
};
const $ = (selector) => document.querySelector(selector);
const online = new Set();
let live = null;

async function ask(method, path, body) {
  const answer = await fetch(`/api/v1/${path}`, {
    method,
    headers: body ? { 'content-type': 'application/json' } : {},
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail ?? answer.statusText);
  return answer.status === 204 ? null : answer.json();
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function snackbar(text, variant = 'info') {
  const shown = element('p', { className: `snackbar ${variant}`, textContent: text });
  $('#snackbars').append(shown);
  setTimeout(() => shown.remove(), SNACKBAR_MS);
}

function showFigures(figures) {
  const cells = Object.entries(FIGURES).map(([key, name]) =>
    element(
      'div',
      {},
      element('dt', { textContent: name }),
      element('dd', { textContent: figures[key], id: key }),
    ),
  );
  $('#figures').replaceChildren(...cells);
}

function showTicket(ticket) {
  const next = { open: 'in progress', 'in progress': 'done' }[ticket.status];
  const row = element(
    'li',
    { id: `ticket-${ticket.id}`, className: ticket.priority },
    element('span', { textContent: ticket.title }),
    element('span', { textContent: `${ticket.status}, by ${ticket.created_by}` }),
  );
  if (next) {
    const change = () => attempt(() => ask('PATCH', `tickets/${ticket.id}`, { status: next }));
    row.append(element('button', { type: 'button', textContent: `→ ${next}`, onclick: change }));
  }
  const before = document.getElementById(row.id);
  if (before) before.replaceWith(row);
  else $('#tickets').prepend(row);
}

function showStock(items) {
  const rows = items.map(({ item, quantity, low_at }) => {
    const take = () =>
      attempt(async () => {
        await ask('POST', `stock/${encodeURIComponent(item)}/take`, { quantity: 1 });
        showStock(await ask('GET', 'stock'));
      });
    return element(
      'li',
      { className: quantity <= low_at ? 'high' : '' },
      element('span', { textContent: item }),
      element('span', { textContent: quantity }),
      element('button', { type: 'button', textContent: 'Take one', onclick: take }),
    );
  });
  $('#stock').replaceChildren(...rows);
}

function showPeople() {
  $('#people').textContent = [...online].sort().join(', ');
}

async function attempt(act) {
  try {
    await act();
  } catch (error) {
    snackbar(error.message, 'warning');
  }
}

async function load() {
  const [figures, tickets, stock] = await Promise.all(
    ['dashboard', 'tickets', 'stock'].map((path) => ask('GET', path)),
  );
  showFigures(figures);
  for (const ticket of tickets.reverse()) showTicket(ticket);
  showStock(stock);
}

/** As long as somebody is signed in there is one connection; it comes back by itself, with what was missed. */
async function connect() {
  const { url } = await ask('GET', 'live');
  live = createClient({ url, token: async () => (await ask('POST', 'token')).token, clientType: 'web' });
  live.onStatus(({ status }) => {
    $('#status').textContent = status;
  });
  live.on('ticket.created', ({ data }) => {
    showTicket(data);
    snackbar(`New ticket: ${data.title}`);
  });
  live.on('ticket.updated', ({ data }) => showTicket(data));
  live.on('dashboard.update', ({ data }) => showFigures(data));
  live.on('notification', ({ data }) => snackbar(data.message, data.type ?? 'info'));
  live.on('inventory.low_stock', ({ data }) => {
    snackbar(`Low stock: ${data.items.map(({ item }) => item).join(', ')}`, 'warning');
  });
  live.on('history_lost', () => attempt(load));
  // Who is in this room is who has the page open.
  live.presence.watch({ room: 'helpdesk' }, ({ user, status }) => {
    if (status === 'offline') online.delete(user);
    else online.add(user);
    showPeople();
  });
  await live.joinRoom('helpdesk');
}

async function enter() {
  $('#login').hidden = true;
  $('main').hidden = $('#logout').hidden = false;
  await load();
  await connect();
}

$('#login').addEventListener('submit', (event) => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(event.target));
  void attempt(async () => {
    await ask('POST', 'login', given);
    event.target.reset();
    await enter();
  });
});

$('#create').addEventListener('submit', (event) => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(event.target));
  void attempt(async () => {
    await ask('POST', 'tickets', given);
    event.target.reset();
  });
});

$('#logout').addEventListener('click', () => {
  void attempt(async () => {
    live?.disconnect();
    await ask('POST', 'logout');
    location.reload();
  });
});

// A page that is loaded again is still signed in.
ask('GET', 'me').then(
  () => attempt(enter),
  () => {},
);
