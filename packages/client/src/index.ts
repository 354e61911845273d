export { createClient } from './client.js';
export { TidingsError } from './error.js';
export type { Status } from './status.js';
export type {
  Ack,
  ClientOptions,
  DataOf,
  DebugLevel,
  Event,
  EventName,
  Events,
  Handler,
  LocalEvents,
  Member,
  Presence,
  PresenceApi,
  PresenceStatus,
  Room,
  RoomJoined,
  SendOptions,
  StatusChange,
  TidingsClient,
  Unsubscribe,
} from './types.js';
