import { createClient, type Event, type Room, type StatusChange, type TidingsClient } from '@tidings/client';
import { Composer } from './composer.js';
import { Counters } from './counters.js';
import { h, icon, newId } from './dom.js';
import { Feed } from './feed.js';
import { Members } from './members.js';
import { avatar, displayName } from './person.js';
import { Plug } from './plug.js';
import { plugButton } from './plug-button.js';
import { Recovery } from './recovery.js';
import { loadSession, type Session } from './session.js';
import type { Action, Values } from './snippets.js';
import { Status } from './status.js';
import { Strip } from './strip.js';
import { Typing } from './typing.js';

/** What a pane tells the page. */
export interface PaneListener {
  session(session: Session): void;
  /** The person did, or asks about, something. */
  act(action: Action, values: Partial<Values>): void;
  room(name: string): void;
  /** The code is asked for, and may be out of sight. */
  showCode(): void;
}

/** One person: a client of their own, and what they see. */
export class Pane {
  readonly element: HTMLElement;
  readonly #user: string;
  readonly #listener: PaneListener;
  readonly #client: TidingsClient;
  readonly #plug = new Plug();
  readonly #recovery = new Recovery();
  readonly #status = new Status();
  readonly #strip = new Strip();
  readonly #members: Members;
  readonly #feed: Feed;
  readonly #typing = new Typing();
  readonly #counters = new Counters();
  readonly #rooms = h('select', { class: 'room', 'data-testid': 'room' });
  #room: Room | undefined;
  /** Takes the handlers of the room off when another one is entered. */
  #inRoom = new AbortController();
  #token = '';

  constructor(user: string, listener: PaneListener) {
    this.#user = user;
    this.#listener = listener;
    this.#members = new Members(user);
    this.#feed = new Feed(`What ${displayName(user)} sees`);
    this.element = this.#build();
    this.#plug.onJoined = (joined) => {
      if (joined.room !== this.#room?.name) return;
      this.#strip.show(this.#recovery.joined(performance.now(), joined));
      void this.#loadMembers(this.#room);
    };
    this.#client = createClient({
      token: () => this.#renew(),
      clientType: 'web',
      WebSocket: this.#plug.WebSocket,
    });
    this.#client.onStatus((change) => this.#changed(change));
    // Presence comes once for each person, however many rooms are shared: it names no room.
    this.#client.on('presence_update', ({ data }) => this.#members.change(data.user_id, data.status));
  }

  /** Asked before every attempt to connect: a restarted server has other keys. */
  async #renew(): Promise<string> {
    const session = await loadSession(this.#user);
    this.#token = session.token;
    this.#listener.session(session);
    if (!this.#room) {
      this.#rooms.replaceChildren(...session.rooms.map((name) => h('option', { value: name }, name)));
      this.#enter(session.rooms[0] as string);
    }
    return session.token;
  }

  #enter(name: string): void {
    void this.#room?.leave().catch(() => {});
    this.#inRoom.abort();
    this.#inRoom = new AbortController();
    const { signal } = this.#inRoom;
    this.#forget();
    const room = this.#client.room(name);
    this.#room = room;
    this.#client.on('*', (event) => this.#heard(event), { room: name, signal });
    room.join().catch((error: Error) => {
      if (!signal.aborted) this.#feed.note(`Not in ${name}: ${error.message}`);
    });
    this.#listener.room(name);
  }

  #forget(): void {
    this.#recovery.reset();
    this.#strip.show(undefined);
    this.#members.clear();
    this.#typing.clear();
    this.#feed.clear();
  }

  async #loadMembers(room: Room): Promise<void> {
    try {
      const members = await room.members();
      if (room === this.#room) this.#members.replace(members);
    } catch {
      // The connection went: the next join asks again.
    }
  }

  #changed(change: StatusChange): void {
    this.#status.show(change);
    this.element.dataset.connection = change.status;
    if (change.status === 'connected') {
      if (change.previous === 'reconnecting') this.#counters.add('reconnected');
    } else if (change.previous === 'connected') {
      this.#recovery.lost(performance.now());
      this.#strip.show(undefined);
      this.#typing.clear();
    }
  }

  #heard(event: Event): void {
    const { type, data, from, offset } = event;
    switch (type) {
      case 'member_joined':
        if (data.user_id !== this.#user) this.#feed.note(`${displayName(data.user_id)} is here`);
        return this.#members.set(data.user_id, data.status);
      case 'member_left':
        this.#feed.note(
          `${displayName(data.user_id)} ${data.status === 'offline' ? 'went offline' : 'left the room'}`,
        );
        this.#typing.set(data.user_id, false);
        return this.#members.left(data.user_id, data.status);
      case 'member_count':
        return this.#members.count(data.member_count);
      case 'room_joined':
      case 'room_denied':
      case 'presence_update':
        return;
      case 'typing_indicator':
        return this.#typing.set(data.user, data.typing);
      case 'history_lost':
        return this.#feed.note('The room starts afresh from here');
    }
    const recovered = this.#recovery.entry(offset);
    if (recovered) this.#strip.show(this.#recovery.report());
    this.#counters.add('received');
    if (recovered) this.#counters.add('recovered');
    this.#feed.add(event, { recovered, own: from === this.#user });
  }

  async #send(type: string, data: unknown): Promise<void> {
    this.#act('send', { sent: { type, data } });
    await this.#room?.send(type, data);
    this.#counters.add('sent');
  }

  #act(action: Action, values: Partial<Values> = {}): void {
    const { name: room = '', position } = this.#room ?? {};
    this.#listener.act(action, { token: this.#token, room, ...(position && { position }), ...values });
  }

  #build(): HTMLElement {
    const [title, room] = [newId('title'), newId('room')];
    const name = displayName(this.#user);
    this.#rooms.id = room;
    this.#rooms.addEventListener('change', () => {
      this.#enter(this.#rooms.value);
      this.#act('join');
    });
    const composer = new Composer({
      send: (type, data) => this.#send(type, data),
      typing: (on) => this.#room?.typing(on),
    });
    return h(
      'section',
      { class: 'card pane', 'data-testid': `pane-${this.#user}`, 'aria-labelledby': title },
      h('header', {}, avatar(this.#user), h('h2', { id: title }, name), this.#status.element),
      h(
        'div',
        { class: 'tools' },
        h('label', { class: 'spoken', for: room }, 'Room'),
        this.#rooms,
        this.#awayToggle(),
        plugButton(this.#plug, () => this.#act('recover')),
      ),
      this.#members.element,
      this.#strip.element,
      this.#feed.element,
      this.#typing.element,
      composer.element,
      h('footer', {}, this.#counters.element, this.#codeButton(name)),
    );
  }

  #awayToggle(): HTMLElement {
    const button = h(
      'button',
      { type: 'button', class: 'quiet', 'data-testid': 'away', 'aria-pressed': 'false' },
      icon('away'),
      h('span', {}, 'Away'),
    );
    button.addEventListener('click', () => {
      const away = button.getAttribute('aria-pressed') === 'false';
      button.setAttribute('aria-pressed', `${away}`);
      const status = away ? 'away' : 'online';
      this.#client.presence.set(status);
      // The server tells the others only.
      this.#members.change(this.#user, status);
      this.#act('presence');
    });
    return button;
  }

  #codeButton(name: string): HTMLElement {
    const button = h(
      'button',
      {
        type: 'button',
        class: 'quiet',
        'data-testid': 'show-code',
        'aria-label': `The code of ${name}’s page`,
      },
      icon('code'),
      h('span', {}, 'Code'),
    );
    button.addEventListener('click', () => {
      this.#act('join');
      this.#listener.showCode();
    });
    return button;
  }
}
