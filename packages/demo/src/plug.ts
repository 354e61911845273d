/** A room's answer to a join, as it stood on the wire. */
export interface Joined {
  room: string;
  epoch?: string;
  offset?: number;
  recovered: boolean;
}

type Ended = { code: number; reason: string };

/** A line that can be pulled out of the wall, to be given to `createClient` as its `WebSocket`. */
export class Plug {
  /** Called when a room has answered, after the client has heard it. */
  onJoined: (joined: Joined) => void = () => {};
  /** The class whose instances go over this line. */
  readonly WebSocket: new (
    url: string,
    protocols: string[],
  ) => Wire;
  #isOut = false;
  readonly #wires = new Set<Wire>();

  constructor() {
    const plug = this;
    this.WebSocket = class extends Wire {
      constructor(url: string, protocols: string[]) {
        super(plug, url, protocols);
      }
    };
  }

  get isOut(): boolean {
    return this.#isOut;
  }

  pull(): void {
    this.#isOut = true;
    for (const wire of this.#wires) wire.cut();
    this.#wires.clear();
  }

  plugIn(): void {
    this.#isOut = false;
    // What a browser says when its network is back.
    dispatchEvent(new Event('online'));
  }

  add(wire: Wire): void {
    this.#wires.add(wire);
  }

  heard(text: string): void {
    const message = JSON.parse(text);
    // Only an entry has a time, and an entry may have any type.
    if (message.type === 'joined_room' && message.time === undefined) this.onJoined(message.data);
  }
}

/** As much of a WebSocket as the client uses. */
class Wire {
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: Ended) => void) | null = null;
  onerror: (() => void) | null = null;
  #socket: WebSocket | undefined;

  constructor(plug: Plug, url: string, protocols: string[]) {
    if (plug.isOut) {
      setTimeout(() => this.cut());
      return;
    }
    const socket = new WebSocket(url, protocols);
    this.#socket = socket;
    plug.add(this);
    socket.onmessage = ({ data }) => {
      this.onmessage?.({ data });
      plug.heard(data);
    };
    socket.onclose = ({ code, reason }) => this.onclose?.({ code, reason });
    socket.onerror = () => this.onerror?.();
  }

  send(text: string): void {
    this.#socket?.send(text);
  }

  close(code: number): void {
    this.#socket?.close(code);
  }

  /**
   * A page cannot cut a TCP connection. So nothing of what is under way arrives any more, the client is told what a browser
   * tells of a line that went dead, and the server sees the socket go.
   */
  cut(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) {
      socket.onmessage = socket.onclose = socket.onerror = null;
      socket.close();
    }
    this.onclose?.({ code: 1006, reason: '' });
  }
}
