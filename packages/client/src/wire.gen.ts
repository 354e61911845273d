// Generated from crates/protocol by `cargo run -p xtask -- codegen`: change it there, not here.
// Fields that may be absent are optional and never null.

/** 200 of `GET /v1/rooms/{room}/access`. */
export interface AccessInfo {
  /** Whether the user may. */
  allowed: boolean;
  /** The rule that allows it, or those that do not, for people. */
  why: string;
}

/** What a user did with an entry. */
export type Acknowledged =
  /** It was on a screen. */
  | 'seen'
  /** It was read, and so seen. */
  | 'read';

/** What came of an act in a chat. */
export interface ActedResponse {
  /** The entry that tells it; of a new message, the message. */
  id: EntryId;
  /** Its place; absent when nothing was changed, so that nothing is told. */
  offset?: Offset;
}

/** A file that goes with a message. It needs an `id` or a `url`; where it is and who may open it is the application's. */
export interface Attachment {
  /** Of an image: how many pixels high. */
  height?: number;
  /** The application's own id of it: 1 to 128 bytes. */
  id?: string;
  /** What people call it: 1 to 255 characters in one line. */
  name: string;
  /** How many bytes it has. */
  size?: number;
  /** Its media type, `image/png`: 1 to 128 bytes. */
  type?: string;
  /** Where it is: an address, or a path of the application; at most 2048 bytes. */
  url?: string;
  /** Of an image: how many pixels wide. */
  width?: number;
}

/** Everyone, or everyone with a role: `everyone` or `role:<role>`. */
export type Audience = string;

/**
 * A record of the audit log. Its hash is the SHA-256 of the hash before it (32 zero bytes before the first) and of number, time, actor, act,
 * subject and detail, each as text with its length as eight bytes, the highest first, in front.
 */
export interface AuditItem {
  /** What: `member.put`, `user.erase`. */
  act: string;
  /** Who: the first eight digits of the SHA-256 of the API key, and the address; `cli` for the command line on the store itself. */
  actor: string;
  /** Particulars. */
  detail: Json;
  /** 64 hexadecimal digits. */
  hash: string;
  /** 1, 2, 3, … */
  number: number;
  /** To whom or what. A user is the first 32 digits of the SHA-256 of the id. */
  subject: string;
  /** When it was about to be done. */
  time: Timestamp;
}

/** `GET /v1/audit`: a page of the audit log. */
export interface AuditPage {
  /** The first record of this page that is not as it was written, or does not follow the one before; null when all is well. */
  broken_at: number | null;
  /** The oldest first. */
  items: AuditItem[];
  /** For `?cursor=`; null on the last page. */
  next_cursor: string | null;
}

/** What a user says of themselves. */
export type Availability =
  /** There and looking. */
  | 'online'
  /** There, but not looking. */
  | 'away';

/** Why one entry of a batch was refused. */
export interface BatchError {
  /** For programs. */
  code: ErrorCode;
  /** For people. */
  detail: string;
  /** Which field. */
  path?: string;
}

/** `POST /v1/publish/batch`. */
export interface BatchRequest {
  /** At most `BATCH_MAX`; each is taken or refused by itself. */
  entries: Json[];
}

/** 200 of `POST /v1/publish/batch`. */
export interface BatchResponse {
  /** In the order of the entries. */
  results: BatchResult[];
}

/** What became of one entry of a batch. */
export type BatchResult =
  /** Taken. */
  | PublishResponse
  /** Refused. */
  | {
      /** Why. */
      error: BatchError;
    };

/** Of an entry to an audience: whose, and its place in what that audience was sent. */
export interface Broadcast {
  /** Its place in their log. */
  offset: Offset;
  /** To whom it went. */
  to: Audience;
}

/** Data of `chat_message`: what a message says, and at any later time what it says then. */
export interface ChatMessage {
  /** Files that go with it. */
  attachments?: Attachment[];
  /** The sender's own name for it. */
  client_id?: string;
  /** What it says; empty once it was deleted. */
  content: string;
  /** When it was deleted: then only its place in the conversation is left. */
  deleted_at?: Timestamp;
  /** When it was last edited. */
  edited_at?: Timestamp;
  /** Whom it mentions. */
  mentions?: UserId[];
  /** What it is. */
  message_type: MessageType;
  /** The application's own. */
  metadata?: Json;
  /** The message that it answers. */
  reply_to?: EntryId;
  /** The first message of its thread. */
  thread?: EntryId;
}

/** What a client sends: a command, and its mark. */
export type ClientMessage = {
  /** Comes back as `reply_to`. */
  id?: CorrelationId;
} & (Command | OtherSpelling);

/** The {@link ClientMessage} of one `type`. */
export type ClientMessageOf<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>;

/**
 * A client's message. The wire's `type` is the variant's name in snake case; `subscribe` and `unsubscribe` with `channel`
 * are other spellings of `join_room` and `leave_room` with `room`.
 */
export type Command =
  /** The token, as the first message of a connection that brought none. */
  | {
      type: 'authenticate';
      /** What `?resume=` would say, or the JSON of it itself; see `crate::ResumeCursor`. What is neither is passed over. */
      resume?: string;
      /** A JWT. */
      token: string;
    }
  /** A fresh token for a living connection. */
  | {
      type: 'refresh_token';
      /** A JWT of the same user. */
      token: string;
    }
  /** Asks for a `pong`. */
  | {
      type: 'ping';
      /** Given back as it came. */
      timestamp?: Json;
    }
  /** Follow a room. */
  | {
      type: 'join_room';
      /** Which. */
      room: RoomName;
      /** The last position seen; what came after it follows the answer. */
      since?: Position;
    }
  /** Stop following a room. */
  | {
      type: 'leave_room';
      /** Which. */
      room: RoomName;
    }
  /** An event into a room, where its rules let users publish. */
  | {
      type: 'publish';
      /** The entry's data; `null` when absent. */
      data?: Json;
      /** The entry's type. */
      event: EventType;
      /** Where to. */
      room: RoomName;
    }
  /** The user types in a room. */
  | {
      type: 'typing_start';
      /** Where. */
      room: RoomName;
    }
  /** The user types no longer. */
  | {
      type: 'typing_stop';
      /** Where. */
      room: RoomName;
    }
  /** Sets the user's own presence. */
  | {
      type: 'presence';
      /** The application's own, shown with the presence. */
      data?: Json;
      /** Online or away. */
      status: Availability;
    }
  /** Asks who is there. */
  | {
      type: 'get_presence';
    } & ({
      users: UserId[];
    } | {
      room: RoomName;
    })
  /** Asks for what a room keeps: the entries before or after an offset, without either the last ones. */
  | {
      type: 'get_history';
      /** The entries right after this offset. Not together with `before`. */
      after?: Offset;
      /** The entries right before this offset. */
      before?: Offset;
      /** The epoch that the offset counts in: in another one the answer is `history_lost`. */
      epoch?: Epoch;
      /** How many at most, 1 to 200; 50 when absent. */
      limit?: number;
      /** Which. */
      room: RoomName;
    }
  /** Asks for the unread notifications that are in sight, the newest first. */
  | {
      type: 'get_unread';
      /** Those before this one. */
      before?: EntryId;
      /** How many at most, 1 to 200; 20 when absent. */
      limit?: number;
    }
  /** Notifications were on a screen. */
  | {
      type: 'mark_seen';
    } & ({
      notification_id: EntryId;
    } | {
      notification_ids: EntryId[];
    })
  /** Notifications were read. */
  | {
      type: 'mark_read';
    } & ({
      notification_id: EntryId;
    } | {
      notification_ids: EntryId[];
    })
  /** Notifications shall count as unread again. */
  | {
      type: 'mark_unread';
    } & ({
      notification_id: EntryId;
    } | {
      notification_ids: EntryId[];
    })
  /** All notifications that are in sight were read. */
  | {
      type: 'mark_all_read';
      /** Only those up to this one. */
      notification_id?: EntryId;
    }
  /** Puts notifications away. */
  | {
      type: 'archive';
    } & ({
      notification_id: EntryId;
    } | {
      notification_ids: EntryId[];
    })
  /** Takes notifications out of the archive. */
  | {
      type: 'unarchive';
    } & ({
      notification_id: EntryId;
    } | {
      notification_ids: EntryId[];
    })
  /** Takes a notification out of sight for a while. */
  | {
      type: 'snooze';
      /** Which. */
      notification_id: EntryId;
      /** Until when. */
      until: Timestamp;
    }
  /** Entries were on a screen, or read: of those that were published with `receipts`. */
  | {
      type: 'acknowledge';
      /** What became of them. */
      as: Acknowledged;
      /** Which, 1 to `ACKNOWLEDGED_MAX`. */
      entry_ids: EntryId[];
    }
  /** A message into a room's chat. */
  | {
      type: 'chat_message';
      /** Files that go with it, at most 20. */
      attachments?: Attachment[];
      /** The sender's own name for it, 1 to 128 bytes: sent again with the same one within seven days, it is not stored twice. */
      client_id?: string;
      /** What it says: text, of the control characters only tabs and line ends. At most `limits.message_bytes`; must not be blank without attachments. */
      content?: string;
      /** Whom it mentions, at most 50: each is notified who may read the room. */
      mentions?: UserId[];
      /** What it is; `text` when absent. */
      message_type?: MessageType;
      /** The application's own, at most 16 KiB. */
      metadata?: Json;
      /** The message that it answers. */
      reply_to_message?: EntryId;
      /** Where to. */
      room: RoomName;
      /** A message of the thread that it belongs to; the first one begins it. */
      thread?: EntryId;
    }
  /** A message of one's own says something else from now on. */
  | {
      type: 'edit_message';
      /** What. */
      content: string;
      /** Whom it mentions from now on; as before when absent. */
      mentions?: UserId[];
      /** Which. */
      message_id: EntryId;
      /** Where. */
      room: RoomName;
    }
  /** A message says nothing any more: one's own, or for a moderator any. */
  | {
      type: 'delete_message';
      /** Which. */
      message_id: EntryId;
      /** Where. */
      room: RoomName;
    }
  /** A reaction to a message. */
  | {
      type: 'react';
      /** An emoji, or a name of the application's: 1 to 64 bytes without control characters. */
      emoji: string;
      /** To which. */
      message_id: EntryId;
      /** Where. */
      room: RoomName;
    }
  /** Takes a reaction back. */
  | {
      type: 'unreact';
      /** The same as when it came. */
      emoji: string;
      /** From which. */
      message_id: EntryId;
      /** Where. */
      room: RoomName;
    }
  /** The user has read. */
  | {
      type: 'mark_room_read';
      /** Whether nobody in the room is told. */
      private?: boolean;
      /** Where. */
      room: RoomName;
      /** Up to where. */
      up_to: UpTo;
    }
  /** Pins a message. */
  | {
      type: 'pin_message';
      /** Which. */
      message_id: EntryId;
      /** Where. */
      room: RoomName;
    }
  /** Takes a pin away. */
  | {
      type: 'unpin_message';
      /** Which. */
      message_id: EntryId;
      /** Where. */
      room: RoomName;
    }
  /** The user is not notified of mentions in a room. */
  | {
      type: 'mute_room';
      /** Which. */
      room: RoomName;
      /** Until when; for good when absent. */
      until?: Timestamp;
    }
  /** Ends that. */
  | {
      type: 'unmute_room';
      /** Which. */
      room: RoomName;
    }
  /** Asks for messages as they stand, the newest without `before`, `after` and `around`. */
  | {
      type: 'get_messages';
      /** Those right after this place. */
      after?: Offset;
      /** This message, in the middle of what is before and after it. */
      around?: EntryId;
      /** The messages right before this place in the log. */
      before?: Offset;
      /** How many at most, 1 to 200; 50 when absent. */
      limit?: number;
      /** Only those that are no replies in threads. */
      main?: boolean;
      /** Only the pinned ones. */
      pinned?: boolean;
      /** Of which room. */
      room: RoomName;
      /** Only the replies of the thread that begins with this message. */
      thread?: EntryId;
    }
  /** Asks how much of rooms is unread. */
  | {
      type: 'get_unread_rooms';
      /** Of these, at most 200; when absent, of the rooms of which the user is a member and those that the connection follows. */
      rooms?: RoomName[];
    }
  /** Asks for messages by their words, in the rooms that the user may read. */
  | SearchRequest & {
      type: 'search';
    };

/** The {@link Command} of one `type`. */
export type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

/** One socket of one user. */
export type ConnectionId = string;

/** One item of `GET /v1/connections`. */
export interface ConnectionInfo {
  /** What the client said it is: `web`, `mobile`, … */
  client_type?: string;
  /** The client's own version. */
  client_version?: string;
  /** Since when. */
  connected_at: Timestamp;
  /** This socket. */
  connection_id: ConnectionId;
  /** The client's own name for its device. */
  device_id?: string;
  /** Its address, as the trusted proxies say. */
  ip: string;
  /** Rooms it follows. */
  rooms: RoomName[];
  /** Whose it is. */
  user: UserId;
}

/** A client's own mark on a message, given back as `reply_to`: any string or number. */
export type CorrelationId =
  /** A number, as it came. */
  | number
  /** A text, as it came. */
  | string;

/** How much there is that a user has not read. */
export interface Counters {
  /** The badge. */
  inbox: UnreadCount;
  /** Of each room that was followed again and keeps its entries. */
  rooms: RoomUnread[];
}

/** A device that has an entry: its client answered something that was sent behind it. */
export interface DeliveredInfo {
  /** When it was known to have it first. */
  at: Timestamp;
  /** What the client said it is: `web`, `mobile`, … */
  client_type?: string;
  /** The client's own name for its device; of one that has none, the id of its connection. */
  device: string;
}

/** What is gathered, and when it comes: exactly one of `category` and `key`. */
export interface Digest {
  /** At this time of day, where `every` is of days or weeks; midnight when absent. */
  at?: TimeOfDay;
  /** Notifications of this category. */
  category?: string;
  /** How often: `15m`, `1h`, `1d`, `2w`; at most 31 days. Windows begin on the hour, at midnight, on Monday. */
  every: string;
  /** Notifications with this `digest_key`; of what has one that is named here, the category does not count. */
  key?: string;
  /** Where days and weeks are those of the calendar: `Europe/Berlin`; UTC when absent. */
  time_zone?: string;
}

/** One of those that were gathered. */
export interface DigestItem {
  /** What it is about. */
  category?: string;
  /** When the server took it. */
  created_at: Timestamp;
  /** The sender's own. */
  data?: Json;
  /** As the back end was told. */
  id: EntryId;
  /** More words. */
  message?: string;
  /** How much it matters. */
  severity: Severity;
  /** One line. */
  title: string;
  /** What it opens. */
  url?: string;
}

/** What was gathered in a notification. */
export interface Digested {
  /** How many. */
  count: number;
  /** The newest of them, the newest first; at most 50. */
  items: DigestItem[];
}

/** `POST /v1/users/{user}/disconnect`. */
export interface DisconnectRequest {
  /** Told to the client with close code 4009; at most 123 bytes are. */
  reason?: string;
}

/** 200 of `POST /v1/users/{user}/disconnect`. */
export interface DisconnectResponse {
  /** How many sockets were closed. */
  disconnected: number;
}

/** `PATCH /v1/rooms/{room}/messages/{id}`. */
export interface EditRequest {
  /** What the message says from now on. */
  content: string;
  /** The user who edits; absent for the back end itself, which may edit any message. Not with a user's token. */
  from?: UserId;
  /** Whom it mentions from now on; as before when absent. */
  mentions?: UserId[];
}

/** One entry, in whatever room. */
export type EntryId = string;

/** An entry: something that happened in a room, to a user, to a role or to everyone. */
export interface EntryMessage {
  /** On what was published to a role or everyone and is kept. */
  broadcast?: Broadcast;
  /** The publisher's own; `null` when nothing was given. */
  data: Json;
  /** The user who published; absent when a back end did. */
  from?: UserId;
  /** Unique over all rooms and time (UUID version 7). */
  id: EntryId;
  /** Place in the room's log, where the room keeps its entries; without a room, in that of the user's own. */
  offset?: Offset;
  /** Where; absent on what was published to a user, a role or everyone. */
  room?: RoomName;
  /** When the server took it. */
  time: Timestamp;
  /** What happened: `ticket.created`, or one of the server's own such as `presence_update`. */
  type: EventType;
}

/** Names one life of a room's log: offsets of different epochs cannot be compared. */
export type Epoch = string;

/** `POST /v1/erasures`. */
export interface EraseAgainRequest {
  /**
   * Users who were erased before, as the subjects of `user.erase` in the audit log name them, with or without `user:`; at most
   * 10 000.
   */
  pseudonyms: string[];
}

/** 200 of `DELETE /v1/users/{user}`, and the sum over all users in that of `POST /v1/erasures`. */
export interface EraseResponse {
  /** Entries in the archive. */
  archived_entries: number;
  /** Entries of theirs in other rooms: what is left is a place without sender and data. */
  blanked_entries: number;
  /** Sockets of theirs on this server that ended. */
  connections: number;
  /** Memberships that ended. */
  memberships: number;
  /** Notifications of their own. */
  notifications: number;
  /** Entries of their personal rooms. */
  personal_entries: number;
  /** How many users were erased: 1, whether anything was kept of them or not. */
  users: number;
}

/** What went wrong, as programs read it. */
export type ErrorCode =
  /** Not JSON, or a field is missing or of the wrong type; `path` says which. */
  | 'invalid_request'
  /** No such message type. */
  | 'unknown_type'
  /** No credentials, or some that do not verify. */
  | 'unauthorized'
  /** The token was good once. */
  | 'token_expired'
  /** The rules do not let this caller. */
  | 'forbidden'
  /** No such thing, or none that this caller may know of. */
  | 'not_found'
  /** Contradicts what is there: the same idempotency key with another body. */
  | 'conflict'
  /** More bytes than the limit. */
  | 'payload_too_large'
  /** Too many in too short a time; `retry_after_ms` says when again. */
  | 'rate_limited'
  /** The queue for this connection is full. */
  | 'queue_full'
  /** What was asked for is no longer kept. */
  | 'history_lost'
  /** Not possible at the moment. */
  | 'unavailable'
  /** A fault of the server; its log has the cause. */
  | 'internal';

/** The type of an entry, `ticket.created`: 1 to 128 of `A-Z a-z 0-9 _ . : / -`. */
export type EventType = string;

/** A field that is wrong. */
export interface FieldError {
  /** What was expected. */
  message: string;
  /** Where: `to.room`, `entries[3].type`. */
  path: string;
}

/** A page of a room's log. */
export interface History {
  /** In the order of the log. */
  entries: EntryMessage[];
  /** Life of its log. */
  epoch: Epoch;
  /** Its last entry's place now. */
  offset: Offset;
  /** Place of the oldest entry that is still kept; the one after the last where none is. */
  oldest: Offset;
  /** Which room. */
  room: RoomName;
}

/** Why a position cannot be continued: what was missed is not known, and the client begins anew from the room as it stands. */
export interface HistoryLost {
  /** Place of the oldest entry that is still kept; the one after the last where none is. */
  oldest: Offset;
  /** What happened to the history. */
  reason: LostReason;
}

/** How a background job stands; it runs once for all servers on one store. */
export interface JobInfo {
  /** When that was. */
  ended_at?: Timestamp;
  /** What went wrong. */
  error?: string;
  /** `retention`, `tidying`, `audit_chain`, `notifications`, `notification_retention`. */
  name: string;
  /** When it runs again. */
  next_at?: Timestamp;
  /** How its last run ended. */
  outcome?: JobOutcome;
  /** What it said of its last run that went well. */
  report?: Json;
  /** Whether some server is at it. */
  running: boolean;
  /** Why it waits although it is due. */
  waiting?: string;
}

/** How a run of a job ended. */
export type JobOutcome =
  /** Well. */
  | 'ok'
  /** Not well. */
  | 'failed';

/** A room at the moment of joining. */
export interface JoinedRoom {
  /** Life of its log; absent in rooms that keep nothing. */
  epoch?: Epoch;
  /** Why not, when `since` was given and cannot be continued. */
  lost?: HistoryLost;
  /** How many people are there. */
  member_count: number;
  /** Who is there; empty in rooms fuller than `live.presence_names_max`. */
  members: Member[];
  /** Its last entry's place now; absent in rooms that keep nothing. */
  offset?: Offset;
  /** Whether exactly what came after `since` follows. */
  recovered: boolean;
  /** Which. */
  room: RoomName;
}

/** Any JSON value. */
export type Json = unknown;

/** Why the server ended a subscription. */
export type LeftBecause =
  /** The user may no longer follow the room. */
  | 'access_ended'
  /** There is no such room any more. */
  | 'room_deleted';

/** Which room was left. */
export interface LeftRoom {
  /** Why, when the client did not ask to leave. */
  because?: LeftBecause;
  /** Its name. */
  room: RoomName;
}

/** What happened to a history. */
export type LostReason =
  /** The entries after the position are no longer kept. */
  | 'retention'
  /** The room's log began anew since then. */
  | 'epoch'
  /** The log has never come as far as the position. */
  | 'future';

/** Up to where a user has read a room. */
export interface MarkInfo {
  /** When the mark was moved there. */
  at: Timestamp;
  /** Whether it was moved there without anybody being told; only back ends see such marks. */
  private?: boolean;
  /** The place of the last message that they have read. */
  up_to: Offset;
  /** Who. */
  user: UserId;
}

/** `POST /v1/users/{user}/notifications/{act}`: either `ids` or `all`. */
export interface MarkRequest {
  /** `true`: all that are in sight; of `unarchive`, all that are archived. */
  all?: boolean;
  /** Which, 1 to 200. */
  ids?: EntryId[];
  /** Of `snooze`: until when. */
  until?: Timestamp;
  /** With `all`: only those up to this one. */
  up_to?: EntryId;
}

/** 200 of `POST /v1/users/{user}/notifications/{act}`. */
export interface MarkResponse {
  /** How many were changed; those that were so already are not counted. */
  changed: number;
  /** Of `ids`, those that are not in the inbox. */
  not_found: EntryId[];
  /** Of two counts, the one with the higher revision is right. */
  revision: number;
  /** How many of the whole inbox are unread and in sight now. */
  unread: number;
}

/** Somebody in a room. */
export interface Member {
  /** How they are. */
  status: Status;
  /** Who. */
  user: UserId;
}

/** Data of `member_joined` and `member_left`. */
export interface MemberChange {
  /** How many people are there now. */
  member_count: number;
  /** How they are. */
  status: Status;
  /** Who came or went. */
  user_id: UserId;
}

/** Data of `member_count`. */
export interface MemberCount {
  /** How many people are there now. */
  member_count: number;
}

/** A member of a room. */
export interface MemberInfo {
  /** As what, in the application's words. */
  role: string;
  /** Since when. */
  since: Timestamp;
  /** Who. */
  user: UserId;
}

/** `PUT /v1/rooms/{room}/members/{user}`. */
export interface MemberRequest {
  /** As what, in the application's words: 1 to 32 of `a-z 0-9 _ -`; `member` when absent. */
  role?: string;
}

/** A room of which a user is a member. */
export interface Membership {
  /** As what, in the application's words. */
  role: string;
  /** Which. */
  room: RoomName;
  /** How much of it the user has not read, in what users ask of themselves; absent where there can be no chat. */
  unread?: RoomUnread;
}

/** A message as it stands: its entry, and what is known of it beside that. */
export interface Message {
  /** What it says now: `super::ChatMessage`; `null` when its sender was erased. */
  data: Json;
  /** Who sent it; absent when a back end did. */
  from?: UserId;
  /** Which. */
  id: EntryId;
  /** Which one of its room: 1, 2, 3, … */
  number: number;
  /** Its place in the room's log. */
  offset: Offset;
  /** Whether it is pinned. */
  pin?: MessagePin;
  /** In the order of the emojis' bytes. */
  reactions: ReactionCount[];
  /** How many replies its thread has, if it is the first. */
  replies: number;
  /** Where. */
  room: RoomName;
  /** When the server took it. */
  time: Timestamp;
  /** `chat_message`; `entry_erased` when its sender was erased. */
  type: EventType;
}

/** Data of `message_deleted`; the entry's `from` is who did it. */
export interface MessageDeleted {
  /** When. */
  deleted_at: Timestamp;
  /** Which message. */
  message_id: EntryId;
}

/** Data of `message_edited`: what the message says now, whether the entry is heard live or read from the past. */
export interface MessageEdited {
  /** What it says; absent when it was deleted since, or is no longer kept. */
  content?: string;
  /** When it was edited, the last time. */
  edited_at: Timestamp;
  /** Whom it mentions. */
  mentions?: UserId[];
  /** Which message. */
  message_id: EntryId;
}

/** `GET /v1/rooms/{room}/messages?type=chat_message`: a page of messages. */
export interface MessageList {
  /** Whether there are some behind the last. */
  has_newer: boolean;
  /** Whether there are some before the first. */
  has_older: boolean;
  /** In the order of the log, whichever way is paged. */
  items: Message[];
  /** For `?cursor=`: goes on the same way; null where there was no more. */
  next_cursor: string | null;
}

/** A stretch of a room's messages. */
export interface MessagePage {
  /** Whether there are some behind the last. */
  has_newer: boolean;
  /** Whether there are some before the first. */
  has_older: boolean;
  /** In the order of the log, whichever way is paged. */
  items: Message[];
  /** Which room. */
  room: RoomName;
}

/** That a message is pinned. */
export interface MessagePin {
  /** Since when. */
  at: Timestamp;
  /** By whom; absent when a back end did it. */
  by?: UserId;
}

/** `POST /v1/rooms/{room}/messages`. */
export interface MessageRequest {
  /** Files that go with it, at most 20. */
  attachments?: Attachment[];
  /** The sender's own name for it, 1 to 128 bytes: sent again with the same one within seven days, it is not stored twice. */
  client_id?: string;
  /** What it says: text, of the control characters only tabs and line ends. At most `limits.message_bytes`; must not be blank without attachments. */
  content?: string;
  /** The user whose message it is; absent for the back end's own. Not with a user's token, which says who it is. */
  from?: UserId;
  /** Whom it mentions, at most 50: each is notified who may read the room. */
  mentions?: UserId[];
  /** What it is; `text` when absent. */
  message_type?: MessageType;
  /** The application's own, at most 16 KiB. */
  metadata?: Json;
  /** The message that it answers. */
  reply_to_message?: EntryId;
  /** A message of the thread that it belongs to; the first one begins it. */
  thread?: EntryId;
}

/** What a message is. */
export type MessageType =
  /** Words. */
  | 'text'
  /** Files, which are its attachments; words are welcome. */
  | 'file'
  /** Images, which are its attachments; words are welcome. */
  | 'image'
  /** What the application says by itself; only back ends send it. */
  | 'system';

/** A page of what a room keeps. */
export interface Messages {
  /** Life of the log. */
  epoch: Epoch;
  /** In the order of the log, whichever way is paged. */
  items: EntryMessage[];
  /** For `?cursor=`: goes on the same way; null where there was no more. */
  next_cursor: string | null;
  /** Its last entry's place when the page was read. */
  offset: Offset;
  /** Place of the oldest entry that is still kept; the one after the last where none is. */
  oldest: Offset;
}

/** What a user does not want to be told of. */
export interface Mute {
  /** Categories, compared whole; at most 100. */
  categories?: string[];
  /** Rooms to whose members it went; at most 1000. */
  rooms?: RoomName[];
}

/** `PUT /v1/me/rooms/{room}/mute`. */
export interface MuteRequest {
  /** Until when; for good when absent. */
  until?: Timestamp;
}

/** Data of `new_notification`. */
export interface NewNotification {
  /** The notification, unread. */
  notification: Notification;
}

/** A notification as one user has it. */
export interface Notification {
  /** What can be done about it. */
  actions?: NotificationAction[];
  /** When it was put away. */
  archived_at?: Timestamp;
  /** What it is about, in the application's words. */
  category?: string;
  /** When the server took it. */
  created_at: Timestamp;
  /** The sender's own. */
  data?: Json;
  /** What was gathered in it, where the user wants that. */
  digest?: Digested;
  /** From then on it is gone, read or not. */
  expires_at?: Timestamp;
  /** Sorts by the time at which the notification was taken. */
  id: EntryId;
  /** More words. */
  message?: string;
  /** Whether it was read: it counts as unread until then. */
  read: boolean;
  /** When it was read. */
  read_at?: Timestamp;
  /** The room to whose members it went; absent on what went to the user, to a role or to everyone. */
  room?: RoomName;
  /** When it was on a screen of the user's first. */
  seen_at?: Timestamp;
  /** How much it matters. */
  severity: Severity;
  /** Until when it is out of sight. */
  snoozed_until?: Timestamp;
  /** One line. */
  title: string;
  /** What it opens. */
  url?: string;
}

/** Something that can be done about a notification; what it does is the application's. */
export interface NotificationAction {
  /** Which, for programs; 1 to 64 bytes. */
  id: string;
  /** Which, for people; 1 to 64 characters. */
  label: string;
  /** What it opens. */
  url?: string;
}

/** What became of notifications. */
export type NotificationChange =
  /** They were on a screen. */
  | 'seen'
  /** They were read. */
  | 'read'
  /** They count as unread again. */
  | 'unread'
  /** They were put away. */
  | 'archived'
  /** They were taken out again. */
  | 'unarchived'
  /** They are out of sight until `snoozed_until`. */
  | 'snoozed'
  /** Their snooze is over: they are in sight again. */
  | 'woken'
  /** They are gone: deleted by the user, expired, or too old. */
  | 'gone';

/** `GET /v1/users/{user}/notifications`: a page of an inbox. */
export interface NotificationPage {
  /** The newest first. */
  items: Notification[];
  /** For `?cursor=`; null on the last page. */
  next_cursor: string | null;
  /** Of two counts, the one with the higher revision is right. */
  revision: number;
  /** How many of the whole inbox are unread and in sight. */
  unread: number;
}

/** Data of `notification_updated`: what became of some notifications, or of all up to one. An id that the device does not know is passed over. */
export interface NotificationUpdated {
  /** What became of them. */
  change: NotificationChange;
  /** Which, where it is one. */
  notification_id?: EntryId;
  /** Which; empty where `up_to` says it. */
  notification_ids: EntryId[];
  /** Until when they are out of sight, if they were snoozed. */
  snoozed_until?: Timestamp;
  /** All up to this one, and this one, that were neither archived nor snoozed. */
  up_to?: EntryId;
}

/** `POST /v1/notifications`. */
export interface NotifyRequest {
  /** What can be done about it; at most 5. */
  actions?: NotificationAction[];
  /** What it is about, in your words: 1 to 64 bytes. */
  category?: string;
  /** Your own, at most 16 KiB; passed on as it came. */
  data?: Json;
  /** While whom it is for has one with this key, that one stays and nothing is added: 1 to 128 bytes. */
  dedupe_key?: string;
  /** What it is gathered by for those who want that, in your words: 1 to 128 bytes. Without it the category counts. */
  digest_key?: string;
  /** From then on it is gone, read or not. Not with `repeat`, which has `expires_after`. */
  expires_at?: Timestamp;
  /** More words: at most 4000 characters. */
  message?: string;
  /** Whether it is kept to which of their devices it was delivered, and when. Who has seen and read it is known of every notification. */
  receipts?: boolean;
  /** Sent again and again, from `send_at` or now on. */
  repeat?: Repeat;
  /** When it is sent; now when absent. */
  send_at?: Timestamp;
  /** How much it matters; `info` when absent. */
  severity?: Severity;
  /** One line: 1 to 200 characters. */
  title: string;
  /** For whom: one of `user`, `users`, `room` (its members), `role` and `everyone`. */
  to: TargetFields;
  /** What it opens: an address, or a path of your application; at most 2048 bytes. */
  url?: string;
}

/** 201 of `POST /v1/notifications`. */
export interface NotifyResponse {
  /** Whether all whom it is for had one with this `dedupe_key`: then `id` is that one's, and nothing was added. */
  deduplicated: boolean;
  /** The notification; of one that is repeated, what calls it off. */
  id: EntryId;
  /** Who was connected and told at once. */
  reached: Reached;
  /** When it will be sent, if that is later; of what all wait for in a digest, when the first of these comes. */
  scheduled_for?: Timestamp;
}

/** Place of an entry in its room's log; the first is 1, and none is missing between two. */
export type Offset = number;

/** `join_room` and `leave_room` spelt otherwise. Here for the schema only: `Incoming::parse` turns them into a `Command`. */
export type OtherSpelling =
  /** `join_room`. */
  | {
      type: 'subscribe';
      /** Which room. */
      channel: RoomName;
      /** The last position seen; what came after it follows the answer. */
      since?: Position;
    }
  /** `leave_room`. */
  | {
      type: 'unsubscribe';
      /** Which room. */
      channel: RoomName;
    };

/** The {@link OtherSpelling} of one `type`. */
export type OtherSpellingOf<T extends OtherSpelling['type']> = Extract<OtherSpelling, { type: T }>;

/** The types of the entries that the server makes itself, and what `data` each has. */
export type OwnEntry =
  /** Somebody came, went or said how they are. */
  | {
      type: 'presence_update';
      data: PresenceUpdate;
    }
  /** Somebody joined a room. */
  | {
      type: 'member_joined';
      data: MemberChange;
    }
  /** Somebody left a room. */
  | {
      type: 'member_left';
      data: MemberChange;
    }
  /** The number of people in a room too full to name them. */
  | {
      type: 'member_count';
      data: MemberCount;
    }
  /** Somebody types, or types no longer. */
  | {
      type: 'typing_indicator';
      data: TypingIndicator;
    }
  /** A notification came. */
  | {
      type: 'new_notification';
      data: NewNotification;
    }
  /** Something became of notifications, on whatever device. */
  | {
      type: 'notification_updated';
      data: NotificationUpdated;
    }
  /** The badge, whole: after a connection's beginning, and with each change. */
  | {
      type: 'unread_count';
      data: UnreadCount;
    }
  /** A message came. */
  | {
      type: 'chat_message';
      data: ChatMessage;
    }
  /** A message says something else. */
  | {
      type: 'message_edited';
      data: MessageEdited;
    }
  /** A message says nothing any more. */
  | {
      type: 'message_deleted';
      data: MessageDeleted;
    }
  /** A reaction came. */
  | {
      type: 'reaction_added';
      data: ReactionChange;
    }
  /** A reaction went. */
  | {
      type: 'reaction_removed';
      data: ReactionChange;
    }
  /** Somebody has read. */
  | {
      type: 'room_read';
      data: RoomRead;
    }
  /** A message is pinned. */
  | {
      type: 'message_pinned';
      data: PinChange;
    }
  /** A message is pinned no more. */
  | {
      type: 'message_unpinned';
      data: PinChange;
    }
  /** How much of a room is unread, whole: to all devices of the user, when they have read, sent or muted. */
  | {
      type: 'room_unread';
      data: RoomUnread;
    };

/** The {@link OwnEntry} of one `type`. */
export type OwnEntryOf<T extends OwnEntry['type']> = Extract<OwnEntry, { type: T }>;

/** Data of `message_pinned` and `message_unpinned`; the entry's `from` is who did it. */
export interface PinChange {
  /** Which message. */
  message_id: EntryId;
}

/** An offset and the epoch it counts in; as text `epoch:offset`. */
export interface Position {
  /** The life of the log that `offset` counts in. */
  epoch: Epoch;
  /** The last entry seen; 0 before the first. */
  offset: Offset;
}

/** How a user wants to be told. What is muted, or comes in quiet hours, is kept and counts, and is not told. */
export interface Preferences {
  /** What comes gathered, as one notification; at most 100. What is an `error` comes at once. */
  digest?: Digest[];
  /** What is never told. */
  mute?: Mute;
  /** When only what matters is told; absent for never. */
  quiet_hours?: QuietHours;
}

/** A user's presence. */
export interface Presence {
  /** How many connections they have. */
  connections: number;
  /** What they said with their `presence`. */
  data?: Json;
  /** When the server last heard of them; null when it never did. */
  last_seen: Timestamp | null;
  /** How they are. */
  status: Status;
  /** Who. */
  user: UserId;
}

/** Data of `presence_update`. */
export interface PresenceUpdate {
  /** What they said with their `presence`. */
  data?: Json;
  /** When the server last heard of them. */
  last_seen: Timestamp;
  /** How they are now. */
  status: Status;
  /** Who. */
  user_id: UserId;
}

/** An error of the HTTP interface: `application/problem+json` (RFC 9457). */
export interface Problem {
  /** For programs. */
  code: ErrorCode;
  /** For people. */
  detail: string;
  /** Fields that are wrong. */
  errors?: FieldError[];
  /** When to try again, in milliseconds. */
  retry_after_ms?: number;
  /** The HTTP status. */
  status: number;
  /** The status in words. */
  title: string;
  /** `about:blank`: the title is the status. */
  type: string;
}

/** `POST /v1/publish`. */
export interface PublishRequest {
  /** The entry's data; `null` when absent. */
  data?: Json;
  /** A connection that shall not get it, usually the one whose user caused it. */
  except?: ConnectionId;
  /** Whether it is kept to whom it was delivered, and who has seen and read it: `GET /v1/entries/{id}/receipts`. */
  receipts?: boolean;
  /** For whom; exactly one field of it. */
  to: TargetFields;
  /** The entry's type, `order_status_changed`. */
  type: EventType;
}

/** 202 of `POST /v1/publish`, and one result of a batch. */
export interface PublishResponse {
  /** The new entry; the first one's when there were several rooms or users. */
  id: EntryId;
  /** Its place, where the room keeps entries and there is one room or user. */
  offset?: Offset;
  /** Who was connected to hear it. */
  reached: Reached;
}

/** Some hours of a day, where the user is. */
export interface QuietHours {
  /** Days on which they begin; every day when absent. Must not be empty. */
  days?: Weekday[];
  /** From this time of day, `22:00`. */
  from: TimeOfDay;
  /** Severities that are told all the same; `["error"]` when absent. */
  let_through?: Severity[];
  /** Name of the user's time zone, `Europe/Berlin`. */
  time_zone: string;
  /** To this time of day, `07:00`; of the next day where it is not later than `from`. The two must differ. */
  to: TimeOfDay;
}

/** How many heard an entry at once; for several rooms or users, the sum over them. */
export interface Reached {
  /** Their sockets. */
  connections: number;
  /** Different people in the room. */
  users: number;
}

/** Data of `reaction_added` and `reaction_removed`. */
export interface ReactionChange {
  /** Which reaction. */
  emoji: string;
  /** To which message. */
  message_id: EntryId;
  /** Whose. */
  user: UserId;
}

/** All reactions of one kind to a message. */
export interface ReactionCount {
  /** How many users. */
  count: number;
  /** Which. */
  emoji: string;
  /** Whether the one who asks is among all of them. */
  mine: boolean;
  /** The first 20 of them. */
  users: UserId[];
}

/** `POST /v1/rooms/{room}/read`. */
export interface ReadRequest {
  /** Who has read. Needed from a back end; not with a user's token. */
  from?: UserId;
  /** `true`: nobody in the room is told. */
  private?: boolean;
  /** Up to where: an offset, or the id of a message. */
  up_to: UpTo;
}

/** Who has a notification, or an entry that was published with `receipts`, and what they did with it. */
export interface ReceiptInfo {
  /** On what it came, by the names of the devices; at most 20. Empty where it was not asked for. */
  delivered: DeliveredInfo[];
  /** When they read it; null before that. */
  read_at: Timestamp | null;
  /** When it was on a screen of theirs first; null before that. */
  seen_at: Timestamp | null;
  /** Who. */
  user: UserId;
}

/** How something is repeated. */
export interface Repeat {
  /** `15m`, `1h`, `1d` or `2w`: 1 to 1000 of minutes, hours, days or weeks. */
  every: string;
  /** How long after it was sent each is gone, read or not: `30m`, `1h`, `1d`, `2w`. */
  expires_after?: string;
  /** Where days and weeks are those of the calendar: `Europe/Berlin`; UTC when absent. */
  time_zone?: string;
  /** Not after this. */
  until?: Timestamp;
}

/** A message of the server that is not an entry. */
export type Reply =
  /** Always the first. */
  | {
      type: 'connection_established';
      /** This socket's id. */
      connection_id: ConnectionId;
      /** Why not, when `?resume=` named a position that cannot be continued. */
      lost?: HistoryLost;
      /** Silence after which a client should ask whether the server is there, in milliseconds. */
      ping_interval: number;
      /** Whether exactly what was missed of that since `?resume=` follows. */
      recovered: boolean;
      /**
       * A `crate::ResumeCursor` of what every connection follows: the personal room, and what is published to everyone and to the user's roles. What came
       * behind it follows, so it is good for `?resume=` as it is.
       */
      resume?: string;
      /** The server's clock. */
      server_time: Timestamp;
      /** The badge; absent for strangers, who have no notifications, and while the store does not answer. */
      unread?: UnreadCount;
      /** Who the token says is here. */
      user: UserId;
    }
  /** Answers `authenticate` and `refresh_token`. */
  | {
      type: 'authenticated';
      /** When the token ends. */
      expires_at: Timestamp;
      /** The asking message's id. */
      reply_to?: CorrelationId;
      /** Who the token says is here. */
      user: UserId;
    }
  /** Answers `ping`. */
  | {
      type: 'pong';
      /** The asking message's id. */
      reply_to?: CorrelationId;
      /** As it came. */
      timestamp?: Json;
    }
  /** Answers `join_room`; what was missed follows. */
  | {
      type: 'joined_room';
      /** The room as it stands. */
      data: JoinedRoom;
      /** The asking message's id. */
      reply_to?: CorrelationId;
    }
  /** Answers `leave_room`. */
  | {
      type: 'left_room';
      /** Which room. */
      data: LeftRoom;
      /** The asking message's id. */
      reply_to?: CorrelationId;
    }
  /** Answers `publish` and acts in chats: the entry is taken. */
  | {
      type: 'published';
      /** The new entry. */
      entry_id: EntryId;
      /** Its place, where the room keeps entries; absent where an act in a chat changed nothing, so that nothing is told. */
      offset?: Offset;
      /** The asking message's id. */
      reply_to?: CorrelationId;
    }
  /** Answers `get_messages`. */
  | {
      type: 'messages';
      /** A stretch of them. */
      data: MessagePage;
      /** The asking message's id. */
      reply_to?: CorrelationId;
    }
  /** Answers `get_unread_rooms`. */
  | {
      type: 'unread_rooms';
      /** One for each room, in the order of their names. */
      items: RoomUnread[];
      /** The asking message's id. */
      reply_to?: CorrelationId;
    }
  /** Answers `search`. */
  | {
      type: 'search_results';
      /** A page of them. */
      data: SearchPage;
      /** The asking message's id. */
      reply_to?: CorrelationId;
    }
  /** Answers `mute_room` and `unmute_room`. The entry of the same name, with an `id` and a `time`, tells the user's devices. */
  | {
      type: 'room_unread';
      /** How the room stands for the user. */
      data: RoomUnread;
      /** The asking message's id. */
      reply_to?: CorrelationId;
    }
  /** Answers `get_history`. */
  | {
      type: 'history';
      /** A page of the room's log. */
      data: History;
      /** The asking message's id. */
      reply_to?: CorrelationId;
    }
  /** Behind the greeting and all that was missed, when a cursor was brought that is understood. */
  | {
      type: 'resumed';
      /** Part by part, what became of it. */
      parts: ResumedPart[];
    }
  /** Answers `get_presence`. */
  | {
      type: 'presence_state';
      /** One for each user. */
      items: Presence[];
      /** The asking message's id. */
      reply_to?: CorrelationId;
    }
  /** Answers `get_unread`. */
  | {
      type: 'unread_notifications';
      /** How many are unread and in sight, on this page or not. */
      count: number;
      /** A page of them, the newest first. */
      notifications: Notification[];
      /** The asking message's id. */
      reply_to?: CorrelationId;
      /** Of two counts, the one with the higher revision is right. */
      revision: number;
    }
  /** Answers `mark_read` and its like. The entry of the same name, with an `id` and a `time`, tells the user's devices. */
  | {
      type: 'notification_updated';
      /** As it was asked, where it was one. */
      notification_id?: EntryId;
      /** As it was asked, where it was some: those that are in the inbox. */
      notification_ids?: EntryId[];
      /** The asking message's id. */
      reply_to?: CorrelationId;
      /** Of two counts, the one with the higher revision is right. */
      revision: number;
      /** Whether all that were named are in the inbox, and so are as they were wanted. */
      success: boolean;
      /** How many are unread and in sight now. */
      unread: number;
    }
  /** Answers `acknowledge`. */
  | {
      type: 'acknowledged';
      /** Those that were published with `receipts` and are this user's. */
      entry_ids: EntryId[];
      /** The asking message's id. */
      reply_to?: CorrelationId;
      /** Whether all that were named are. */
      success: boolean;
    }
  /** Something went wrong; the connection goes on unless a close follows. */
  | {
      type: 'error';
      /** What, for programs. */
      code: ErrorCode;
      /** What, for people. */
      message: string;
      /** Which field. */
      path?: string;
      /** The asking message's id. */
      reply_to?: CorrelationId;
      /** When to try again, in milliseconds. */
      retry_after_ms?: number;
    }
  /** The server is about to stop: come back after `retry_after_ms` and a random part of `spread_ms`. */
  | {
      type: 'goodbye';
      /** Shortest wait, in milliseconds. */
      retry_after_ms: number;
      /** Over how long the clients should spread, in milliseconds. */
      spread_ms: number;
    };

/** The {@link Reply} of one `type`. */
export type ReplyOf<T extends Reply['type']> = Extract<Reply, { type: T }>;

/**
 * Where a client was: kept by the client, and given back as `?resume=` or as `resume` of its first `authenticate`, to any server. The greeting's
 * `resume` is one of what every connection follows; whoever follows more writes it in.
 *
 * As text it is its JSON, or the base64url (RFC 4648 section 5, without padding) of that; a bare `<epoch>:<offset>` is the position of the
 * personal room alone. The server writes base64url of JSON that is plain ASCII.
 */
export interface ResumeCursor {
  /**
   * Where the user was in what was published to everyone and to each role, as the greeting's `resume` and each entry's `broadcast` told
   * it. At most 100; those that the user is not of any more are passed over.
   */
  broadcasts?: Record<string, Position>;
  /** The badge that was told last: as long as it stands, nothing of the inbox was missed. */
  inbox?: UnreadCount;
  /** The personal room's, as the greeting's `resume` and the entries since told it. */
  personal?: Position;
  /** Users whose presence is watched; of more than 100 the first are told. */
  presence?: UserId[];
  /**
   * Rooms, each with the last position seen, whole or as its text `<epoch>:<offset>`, which is shorter; `null` for a room that keeps nothing.
   * At most 1000.
   */
  rooms?: Record<string, Position | null>;
}

/** What became of one part of a resume. */
export type ResumedPart =
  /** The personal room, as the greeting says it. */
  | {
      part: 'personal';
      /** Life of the log; absent in rooms that keep nothing. */
      epoch?: Epoch;
      /** Why not, when a position was given and cannot be continued. */
      lost?: HistoryLost;
      /** Its last entry's place; absent in rooms that keep nothing. */
      offset?: Offset;
      /** Whether exactly what was missed came before this. Otherwise it is fresh: as it stands now. */
      recovered: boolean;
    }
  /** What is published to everyone or to a role of the user's. */
  | {
      part: 'broadcast';
      /** Life of the log; absent in rooms that keep nothing. */
      epoch?: Epoch;
      /** Why not, when a position was given and cannot be continued. */
      lost?: HistoryLost;
      /** Its last entry's place; absent in rooms that keep nothing. */
      offset?: Offset;
      /** Whether exactly what was missed came before this. Otherwise it is fresh: as it stands now. */
      recovered: boolean;
      /** To whom. */
      to: Audience;
    }
  /** A room; it is followed again unless there is an error. */
  | {
      part: 'room';
      /** Life of the log; absent in rooms that keep nothing. */
      epoch?: Epoch;
      /** Why not, when a position was given and cannot be continued. */
      lost?: HistoryLost;
      /** Its last entry's place; absent in rooms that keep nothing. */
      offset?: Offset;
      /** Whether exactly what was missed came before this. Otherwise it is fresh: as it stands now. */
      recovered: boolean;
      /** Which. */
      room: RoomName;
    }
  /** A room that could not be followed again. */
  | {
      part: 'refused';
      /** What, for programs. */
      code: ErrorCode;
      /** What, for people. */
      message: string;
      /** Which. */
      room: RoomName;
    }
  /** The presence of the users that are watched: always as it is now. */
  | {
      part: 'presence';
      /** One for each user. */
      items: Presence[];
    }
  /** The user's notifications; absent for strangers, who have none. */
  | {
      part: 'inbox';
      /** Whether nothing became of it since the badge that the cursor names. */
      recovered: boolean;
      /** Otherwise the newest that are unread and in sight, at most 20, the newest first. */
      snapshot?: Notification[];
    }
  /** How much there is to be read; absent for strangers. */
  | {
      part: 'counters';
      /** False: they come whole, as they are now. */
      recovered: boolean;
      /** All of them. */
      snapshot: Counters;
    };

/** 200 of `POST /v1/users/{user}/revoke`. */
export interface RevokeResponse {
  /** How many connections ended. */
  connections: number;
}

/** A role from a token: up to 128 bytes without control characters. */
export type Role = string;

/** A room, as `GET /v1/rooms/{room}` tells of it. */
export interface RoomInfo {
  /** When it was first heard of. */
  created_at: Timestamp;
  /** The back end's own. */
  data: Json;
  /** Life of its log. */
  epoch: Epoch;
  /** What is kept: `none`, `last` or a time. */
  keep: string;
  /** The pattern of the rule for it, `order_{id}`; null when no rule is left that matches. */
  kind: string | null;
  /** How many members it has. */
  members: number;
  /** Its last entry's place; 0 before the first. */
  offset: Offset;
  /** Place of the oldest entry that is still kept; the one after the last where none is. */
  oldest: Offset;
  /** How many people are in it now, on this server. */
  online: number;
  /** Its name. */
  room: RoomName;
}

/** A room's name: 1 to 128 of `A-Z a-z 0-9 _ . : @ -`. */
export type RoomName = string;

/** Data of `room_read`. */
export interface RoomRead {
  /** All messages up to this place in the log. */
  up_to: Offset;
  /** Who. */
  user: UserId;
}

/** `PUT /v1/rooms/{room}`. */
export interface RoomRequest {
  /** The back end's own; `null` when absent. */
  data?: Json;
}

/** How much of a room a user has not read; data of `room_unread`. Always whole, never a difference, so that no device can count wrong. */
export interface RoomUnread {
  /** Whether the user muted the room. */
  muted: boolean;
  /** Until when, if that has an end. */
  muted_until?: Timestamp;
  /** Of two, the one with the higher revision is right. */
  revision: number;
  /** Which room. */
  room: RoomName;
  /** How many messages. */
  unread: number;
  /** The place of the last message that the user has read; 0 where there is none. */
  up_to: Offset;
}

/** One item of `GET /v1/notifications/scheduled`: what waits to be sent. */
export interface ScheduledInfo {
  /** What it is about. */
  category?: string;
  /** Whether it waits because the user wants it gathered. */
  digest: boolean;
  /** What calls it off. */
  id: EntryId;
  /** What calls off all of the same request, where that was to several users: each is an item of its own. */
  part_of?: EntryId;
  /** How it is sent again, if it is. */
  repeat?: Repeat;
  /** When it is sent next. */
  send_at: Timestamp;
  /** How much it matters. */
  severity: Severity;
  /** One line. */
  title: string;
  /** For whom. */
  to: TargetFields;
}

/** A message that has the words. */
export interface SearchHit {
  /** What it says now: `super::ChatMessage`; `null` when its sender was erased. */
  data: Json;
  /** Who sent it; absent when a back end did. */
  from?: UserId;
  /** Which. */
  id: EntryId;
  /** Which one of its room: 1, 2, 3, … */
  number: number;
  /** Its place in the room's log. */
  offset: Offset;
  /** Whether it is pinned. */
  pin?: MessagePin;
  /** In the order of the emojis' bytes. */
  reactions: ReactionCount[];
  /** How many replies its thread has, if it is the first. */
  replies: number;
  /** Where. */
  room: RoomName;
  /** A stretch of it with what was looked for, in pieces. */
  snippet: SnippetPart[];
  /** When the server took it. */
  time: Timestamp;
  /** `chat_message`; `entry_erased` when its sender was erased. */
  type: EventType;
}

/** Which messages come first. */
export type SearchOrder =
  /** The newest. */
  | 'newest'
  /** Those of the newest 500 with the words that fit best. */
  | 'best';

/** Messages that have the words. */
export interface SearchPage {
  /** In the order that was asked for. */
  items: SearchHit[];
  /** Where to go on; null at the end. A page may be short, or empty, and go on nevertheless. */
  next_cursor: string | null;
}

/** What is looked for. */
export interface SearchRequest {
  /** The `next_cursor` of the page before. */
  cursor?: string;
  /** Only what this user sent. */
  from?: UserId;
  /** How many at most, 1 to 100; 20 when absent. */
  limit?: number;
  /** Which come first; `newest` when absent. */
  order?: SearchOrder;
  /** Words that a message must have, all of them; the last may be the beginning of one. At most 16, and 1,024 bytes. */
  query: string;
  /** Only in this room; in all that the searcher may read when absent. */
  room?: RoomName;
  /** Only what came from this moment on. */
  since?: Timestamp;
  /** Only what came before this moment. */
  until?: Timestamp;
}

/** What the server sends. Entries may have any `type`; what tells them apart is that only they have `id` and `time`. */
export type ServerMessage = Reply | EntryMessage;

/** How much a notification matters. */
export type Severity =
  /** Good to know. */
  | 'info'
  /** Something came to a good end. */
  | 'success'
  /** Somebody should look. */
  | 'warning'
  /** Something went wrong. */
  | 'error';

/** A piece of a snippet. */
export interface SnippetPart {
  /** Whether it is what was looked for. */
  hit: boolean;
  /** What the message says there: text, and nothing else. */
  text: string;
}

/** `GET /v1/stats`. */
export interface Stats {
  /** Sockets open now. */
  connections: number;
  /** Entries handed to connections since the start. */
  deliveries: number;
  /** Transient entries not delivered since the start because a reader was too slow. */
  dropped: number;
  /** Entries taken since the start. */
  entries: number;
  /** Background jobs that ever ran. */
  jobs: JobInfo[];
  /** Rooms that somebody follows now. */
  rooms: number;
  /** Connections closed as slow readers since the start. */
  slow_readers: number;
  /** Subscriptions now. */
  subscriptions: number;
  /** Since the start, in seconds. */
  uptime_seconds: number;
  /** Different people connected now. */
  users: number;
  /** The server's version. */
  version: string;
}

/** How a user is, over all their connections. */
export type Status =
  /** Connected and looking. */
  | 'online'
  /** Connected, but not looking. */
  | 'away'
  /** Not connected. */
  | 'offline';

/** Whom an entry is for: exactly one of these. */
export interface TargetFields {
  /** `true`: everyone who is connected. */
  everyone?: boolean;
  /** Everyone with a role. */
  role?: Role;
  /** Everyone in a room. */
  room?: RoomName;
  /** Everyone in several rooms, at most 1000. */
  rooms?: RoomName[];
  /** All connections of one user. */
  user?: UserId;
  /** All connections of several users, at most 1000. */
  users?: UserId[];
}

/** Minutes since midnight; on the wire `22:00`. */
export type TimeOfDay = string;

/** Milliseconds since 1970-01-01 UTC; on the wire `"2026-11-21T06:00:00.123Z"` (RFC 3339). */
export type Timestamp = string;

/** Data of `typing_indicator`. */
export interface TypingIndicator {
  /** Whether they type. */
  typing: boolean;
  /** Who. */
  user: UserId;
}

/** Data of `unread_count`: how many notifications are unread and in sight. Of two, the one with the higher revision is right. */
export interface UnreadCount {
  /** Grows with every change; never compared between connections whose tokens have different roles. */
  revision: number;
  /** How many. */
  unread: number;
}

/** Up to where somebody has read: a place in the log, or a message. */
export type UpTo =
  /** All up to this place; one beyond the end is the end. */
  | Offset
  /** All up to this message. */
  | EntryId;

/** A user as the back end names them: up to 128 bytes without control characters. */
export type UserId = string;

/** What a message said before. */
export interface VersionInfo {
  /** As `data` of `chat_message`. */
  data: Json;
  /** 1, 2, 3, … */
  number: number;
  /** Until when it said so. */
  until: Timestamp;
}

/** A day of the week. */
export type Weekday =
  /** Monday. */
  | 'mon'
  /** Tuesday. */
  | 'tue'
  /** Wednesday. */
  | 'wed'
  /** Thursday. */
  | 'thu'
  /** Friday. */
  | 'fri'
  /** Saturday. */
  | 'sat'
  /** Sunday. */
  | 'sun';
