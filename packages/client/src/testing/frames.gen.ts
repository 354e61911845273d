// Generated from schema/frames by `cargo run -p xtask -- codegen`: change them there, not here.
import type { ClientMessageOf, EntryMessage, OwnEntryOf, ReplyOf } from '../wire.gen.js';

/** `schema/frames/client.acknowledge.json` */
export const clientAcknowledge: ClientMessageOf<'acknowledge'> = {
  "type": "acknowledge",
  "id": 12,
  "entry_ids": ["0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"],
  "as": "seen"
};

/** `schema/frames/client.archive.json` */
export const clientArchive: ClientMessageOf<'archive'> = {
  "type": "archive",
  "id": 14,
  "notification_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
};

/** `schema/frames/client.authenticate.json` */
export const clientAuthenticate: ClientMessageOf<'authenticate'> = {
  "type": "authenticate",
  "id": 1,
  "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
};

/** `schema/frames/client.authenticate.resume.json` */
export const clientAuthenticateResume: ClientMessageOf<'authenticate'> = {
  "type": "authenticate",
  "id": 1,
  "token": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
  "resume": "eyJwZXJzb25hbCI6eyJlcG9jaCI6ImszeHc5cTJhIiwib2Zmc2V0IjoxN30sImJyb2FkY2FzdHMiOnsiZXZlcnlvbmUiOnsiZXBvY2giOiJrM3h3OXEyYyIsIm9mZnNldCI6NH19LCJpbmJveCI6eyJ1bnJlYWQiOjEsInJldmlzaW9uIjo3fX0"
};

/** `schema/frames/client.chat_message.json` */
export const clientChatMessage: ClientMessageOf<'chat_message'> = {
  "type": "chat_message",
  "id": 20,
  "room": "order_123",
  "content": "The parcel has left."
};

/** `schema/frames/client.chat_message.full.json` */
export const clientChatMessageFull: ClientMessageOf<'chat_message'> = {
  "type": "chat_message",
  "id": 21,
  "room": "order_123",
  "content": "Look at this, @grace",
  "message_type": "image",
  "reply_to_message": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "thread": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "mentions": [
    "grace"
  ],
  "attachments": [
    {
      "url": "/files/7",
      "name": "parcel.png",
      "size": 20480,
      "type": "image/png",
      "width": 640,
      "height": 480
    }
  ],
  "metadata": {
    "draft": 3
  },
  "client_id": "c-17"
};

/** `schema/frames/client.delete_message.json` */
export const clientDeleteMessage: ClientMessageOf<'delete_message'> = {
  "type": "delete_message",
  "id": 24,
  "room": "order_123",
  "message_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
};

/** `schema/frames/client.edit_message.json` */
export const clientEditMessage: ClientMessageOf<'edit_message'> = {
  "type": "edit_message",
  "id": 22,
  "room": "order_123",
  "message_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "content": "The parcel has left at nine."
};

/** `schema/frames/client.edit_message.mentions.json` */
export const clientEditMessageMentions: ClientMessageOf<'edit_message'> = {
  "type": "edit_message",
  "id": 23,
  "room": "order_123",
  "message_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "content": "The parcel has left at nine, @grace.",
  "mentions": [
    "grace"
  ]
};

/** `schema/frames/client.get_history.json` */
export const clientGetHistory: ClientMessageOf<'get_history'> = {
  "type": "get_history",
  "id": 8,
  "room": "order_123",
  "before": 42,
  "epoch": "k3xw9q2a",
  "limit": 2
};

/** `schema/frames/client.get_history.after.json` */
export const clientGetHistoryAfter: ClientMessageOf<'get_history'> = {
  "type": "get_history",
  "id": 9,
  "room": "order_123",
  "after": 40
};

/** `schema/frames/client.get_messages.json` */
export const clientGetMessages: ClientMessageOf<'get_messages'> = {
  "type": "get_messages",
  "id": 33,
  "room": "order_123"
};

/** `schema/frames/client.get_messages.around.json` */
export const clientGetMessagesAround: ClientMessageOf<'get_messages'> = {
  "type": "get_messages",
  "id": 34,
  "room": "order_123",
  "around": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "main": true,
  "limit": 20
};

/** `schema/frames/client.get_messages.thread.json` */
export const clientGetMessagesThread: ClientMessageOf<'get_messages'> = {
  "type": "get_messages",
  "id": 35,
  "room": "order_123",
  "after": 41,
  "thread": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
};

/** `schema/frames/client.get_presence.room.json` */
export const clientGetPresenceRoom: ClientMessageOf<'get_presence'> = {
  "type": "get_presence",
  "id": 7,
  "room": "order_123"
};

/** `schema/frames/client.get_presence.users.json` */
export const clientGetPresenceUsers: ClientMessageOf<'get_presence'> = {
  "type": "get_presence",
  "id": 6,
  "users": [
    "ada",
    "grace"
  ]
};

/** `schema/frames/client.get_unread.json` */
export const clientGetUnread: ClientMessageOf<'get_unread'> = {
  "type": "get_unread",
  "id": 9,
  "limit": 20
};

/** `schema/frames/client.get_unread.before.json` */
export const clientGetUnreadBefore: ClientMessageOf<'get_unread'> = {
  "type": "get_unread",
  "id": 9,
  "before": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
};

/** `schema/frames/client.get_unread_rooms.json` */
export const clientGetUnreadRooms: ClientMessageOf<'get_unread_rooms'> = {
  "type": "get_unread_rooms",
  "id": 36
};

/** `schema/frames/client.get_unread_rooms.some.json` */
export const clientGetUnreadRoomsSome: ClientMessageOf<'get_unread_rooms'> = {
  "type": "get_unread_rooms",
  "id": 37,
  "rooms": [
    "order_123",
    "channel_news"
  ]
};

/** `schema/frames/client.join_room.json` */
export const clientJoinRoom: ClientMessageOf<'join_room'> = {
  "type": "join_room",
  "id": 3,
  "room": "order_123",
  "since": {
    "epoch": "k3xw9q2a",
    "offset": 41
  }
};

/** `schema/frames/client.leave_room.json` */
export const clientLeaveRoom: ClientMessageOf<'leave_room'> = {
  "type": "leave_room",
  "id": 4,
  "room": "order_123"
};

/** `schema/frames/client.mark_all_read.json` */
export const clientMarkAllRead: ClientMessageOf<'mark_all_read'> = {
  "type": "mark_all_read",
  "id": 13
};

/** `schema/frames/client.mark_all_read.up_to.json` */
export const clientMarkAllReadUpTo: ClientMessageOf<'mark_all_read'> = {
  "type": "mark_all_read",
  "id": 13,
  "notification_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
};

/** `schema/frames/client.mark_read.json` */
export const clientMarkRead: ClientMessageOf<'mark_read'> = {
  "type": "mark_read",
  "id": 10,
  "notification_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
};

/** `schema/frames/client.mark_read.many.json` */
export const clientMarkReadMany: ClientMessageOf<'mark_read'> = {
  "type": "mark_read",
  "id": 10,
  "notification_ids": [
    "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
    "0199f3a2-7a00-7c11-8d02-91b2a7c3d4e5"
  ]
};

/** `schema/frames/client.mark_room_read.json` */
export const clientMarkRoomRead: ClientMessageOf<'mark_room_read'> = {
  "type": "mark_room_read",
  "id": 29,
  "room": "order_123",
  "up_to": 42
};

/** `schema/frames/client.mark_room_read.message.json` */
export const clientMarkRoomReadMessage: ClientMessageOf<'mark_room_read'> = {
  "type": "mark_room_read",
  "id": 30,
  "room": "order_123",
  "up_to": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "private": true
};

/** `schema/frames/client.mark_seen.json` */
export const clientMarkSeen: ClientMessageOf<'mark_seen'> = {
  "type": "mark_seen",
  "id": 11,
  "notification_ids": [
    "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
    "0199f3a2-7a00-7c11-8d02-91b2a7c3d4e5"
  ]
};

/** `schema/frames/client.mark_unread.json` */
export const clientMarkUnread: ClientMessageOf<'mark_unread'> = {
  "type": "mark_unread",
  "id": 12,
  "notification_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
};

/** `schema/frames/client.mute_room.json` */
export const clientMuteRoom: ClientMessageOf<'mute_room'> = {
  "type": "mute_room",
  "id": 31,
  "room": "order_123",
  "until": "2026-11-22T06:00:00.000Z"
};

/** `schema/frames/client.pin_message.json` */
export const clientPinMessage: ClientMessageOf<'pin_message'> = {
  "type": "pin_message",
  "id": 25,
  "room": "order_123",
  "message_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
};

/** `schema/frames/client.ping.json` */
export const clientPing: ClientMessageOf<'ping'> = {
  "type": "ping",
  "id": 2,
  "timestamp": 1795240800123
};

/** `schema/frames/client.presence.json` */
export const clientPresence: ClientMessageOf<'presence'> = {
  "type": "presence",
  "status": "away",
  "data": {
    "mood": "lunch"
  }
};

/** `schema/frames/client.publish.json` */
export const clientPublish: ClientMessageOf<'publish'> = {
  "type": "publish",
  "id": 5,
  "room": "tickets",
  "event": "ticket.created",
  "data": {
    "id": 7,
    "title": "Printer on fire"
  }
};

/** `schema/frames/client.react.json` */
export const clientReact: ClientMessageOf<'react'> = {
  "type": "react",
  "id": 27,
  "room": "order_123",
  "message_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "emoji": "👍"
};

/** `schema/frames/client.refresh_token.json` */
export const clientRefreshToken: ClientMessageOf<'refresh_token'> = {
  "type": "refresh_token",
  "id": "fresh-1",
  "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
};

/** `schema/frames/client.search.json` */
export const clientSearch: ClientMessageOf<'search'> = {
  "type": "search",
  "id": 50,
  "query": "printer fi"
};

/** `schema/frames/client.search.narrow.json` */
export const clientSearchNarrow: ClientMessageOf<'search'> = {
  "type": "search",
  "id": 51,
  "query": "printer",
  "room": "order_123",
  "from": "ada",
  "since": "2026-11-01T00:00:00.000Z",
  "until": "2026-12-01T00:00:00.000Z",
  "order": "best",
  "limit": 10,
  "cursor": "1205"
};

/** `schema/frames/client.snooze.json` */
export const clientSnooze: ClientMessageOf<'snooze'> = {
  "type": "snooze",
  "id": 16,
  "notification_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "until": "2026-11-21T09:00:00.000Z"
};

/** `schema/frames/client.subscribe.json` */
export const clientSubscribe: ClientMessageOf<'subscribe'> = {
  "type": "subscribe",
  "id": 3,
  "channel": "order_123",
  "since": {
    "epoch": "k3xw9q2a",
    "offset": 41
  }
};

/** `schema/frames/client.typing_start.json` */
export const clientTypingStart: ClientMessageOf<'typing_start'> = {
  "type": "typing_start",
  "room": "order_123"
};

/** `schema/frames/client.typing_stop.json` */
export const clientTypingStop: ClientMessageOf<'typing_stop'> = {
  "type": "typing_stop",
  "room": "order_123"
};

/** `schema/frames/client.unarchive.json` */
export const clientUnarchive: ClientMessageOf<'unarchive'> = {
  "type": "unarchive",
  "id": 15,
  "notification_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
};

/** `schema/frames/client.unmute_room.json` */
export const clientUnmuteRoom: ClientMessageOf<'unmute_room'> = {
  "type": "unmute_room",
  "id": 32,
  "room": "order_123"
};

/** `schema/frames/client.unpin_message.json` */
export const clientUnpinMessage: ClientMessageOf<'unpin_message'> = {
  "type": "unpin_message",
  "id": 26,
  "room": "order_123",
  "message_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
};

/** `schema/frames/client.unreact.json` */
export const clientUnreact: ClientMessageOf<'unreact'> = {
  "type": "unreact",
  "id": 28,
  "room": "order_123",
  "message_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "emoji": "👍"
};

/** `schema/frames/client.unsubscribe.json` */
export const clientUnsubscribe: ClientMessageOf<'unsubscribe'> = {
  "type": "unsubscribe",
  "id": 4,
  "channel": "order_123"
};

/** `schema/frames/entry.chat_message.json` */
export const entryChatMessage: EntryMessage & OwnEntryOf<'chat_message'> = {
  "type": "chat_message",
  "room": "order_123",
  "id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "offset": 42,
  "from": "ada",
  "time": "2026-11-21T06:00:01.123Z",
  "data": {
    "content": "The parcel has left.",
    "message_type": "text"
  }
};

/** `schema/frames/entry.chat_message.full.json` */
export const entryChatMessageFull: EntryMessage & OwnEntryOf<'chat_message'> = {
  "type": "chat_message",
  "room": "order_123",
  "id": "0199f3a2-7b10-7f42-a1b0-0c1d2e3f4a5b",
  "offset": 42,
  "from": "ada",
  "time": "2026-11-21T06:00:01.123Z",
  "data": {
    "content": "Look at this, @grace",
    "message_type": "image",
    "reply_to": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
    "thread": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
    "mentions": [
      "grace"
    ],
    "attachments": [
      {
        "url": "/files/7",
        "name": "parcel.png",
        "size": 20480,
        "type": "image/png",
        "width": 640,
        "height": 480
      }
    ],
    "metadata": {
      "draft": 3
    },
    "client_id": "c-17"
  }
};

/** `schema/frames/entry.member_count.json` */
export const entryMemberCount: EntryMessage & OwnEntryOf<'member_count'> = {
  "type": "member_count",
  "room": "lobby",
  "id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "time": "2026-11-21T06:00:00.123Z",
  "data": {
    "member_count": 5120
  }
};

/** `schema/frames/entry.member_joined.json` */
export const entryMemberJoined: EntryMessage & OwnEntryOf<'member_joined'> = {
  "type": "member_joined",
  "room": "order_123",
  "id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "time": "2026-11-21T06:00:00.123Z",
  "data": {
    "user_id": "grace",
    "status": "online",
    "member_count": 2
  }
};

/** `schema/frames/entry.member_left.json` */
export const entryMemberLeft: EntryMessage & OwnEntryOf<'member_left'> = {
  "type": "member_left",
  "room": "order_123",
  "id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "time": "2026-11-21T06:00:00.123Z",
  "data": {
    "user_id": "grace",
    "status": "offline",
    "member_count": 1
  }
};

/** `schema/frames/entry.message_deleted.json` */
export const entryMessageDeleted: EntryMessage & OwnEntryOf<'message_deleted'> = {
  "type": "message_deleted",
  "room": "order_123",
  "id": "0199f3a2-7b10-7f42-a1b0-0c1d2e3f4a5b",
  "offset": 44,
  "from": "ada",
  "time": "2026-11-21T06:00:01.123Z",
  "data": {
    "message_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
    "deleted_at": "2026-11-21T06:00:01.123Z"
  }
};

/** `schema/frames/entry.message_edited.json` */
export const entryMessageEdited: EntryMessage & OwnEntryOf<'message_edited'> = {
  "type": "message_edited",
  "room": "order_123",
  "id": "0199f3a2-7b10-7f42-a1b0-0c1d2e3f4a5b",
  "offset": 43,
  "from": "ada",
  "time": "2026-11-21T06:00:01.123Z",
  "data": {
    "message_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
    "content": "The parcel has left at nine.",
    "edited_at": "2026-11-21T06:00:01.123Z"
  }
};

/** `schema/frames/entry.message_edited.deleted_since.json` */
export const entryMessageEditedDeletedSince: EntryMessage & OwnEntryOf<'message_edited'> = {
  "type": "message_edited",
  "room": "order_123",
  "id": "0199f3a2-7b10-7f42-a1b0-0c1d2e3f4a5b",
  "offset": 43,
  "from": "ada",
  "time": "2026-11-21T06:00:01.123Z",
  "data": {
    "message_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
    "edited_at": "2026-11-21T06:00:01.123Z"
  }
};

/** `schema/frames/entry.message_pinned.json` */
export const entryMessagePinned: EntryMessage & OwnEntryOf<'message_pinned'> = {
  "type": "message_pinned",
  "room": "order_123",
  "id": "0199f3a2-7b10-7f42-a1b0-0c1d2e3f4a5b",
  "offset": 48,
  "from": "ada",
  "time": "2026-11-21T06:00:01.123Z",
  "data": {
    "message_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
  }
};

/** `schema/frames/entry.message_unpinned.json` */
export const entryMessageUnpinned: EntryMessage & OwnEntryOf<'message_unpinned'> = {
  "type": "message_unpinned",
  "room": "order_123",
  "id": "0199f3a2-7b10-7f42-a1b0-0c1d2e3f4a5b",
  "offset": 49,
  "from": "ada",
  "time": "2026-11-21T06:00:01.123Z",
  "data": {
    "message_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
  }
};

/** `schema/frames/entry.new_notification.json` */
export const entryNewNotification: EntryMessage & OwnEntryOf<'new_notification'> = {
  "type": "new_notification",
  "id": "0199f3a2-7b10-7f42-a1b0-0c1d2e3f4a5b",
  "offset": 3,
  "time": "2026-11-21T06:00:00.123Z",
  "data": {
    "notification": {
      "id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
      "title": "Order shipped",
      "message": "It arrives on Monday.",
      "severity": "success",
      "category": "order",
      "data": {
        "order": 7
      },
      "url": "/orders/7",
      "actions": [
        {
          "id": "track",
          "label": "Track it",
          "url": "/orders/7/track"
        }
      ],
      "read": false,
      "created_at": "2026-11-21T06:00:00.123Z"
    }
  }
};

/** `schema/frames/entry.notification_updated.json` */
export const entryNotificationUpdated: EntryMessage & OwnEntryOf<'notification_updated'> = {
  "type": "notification_updated",
  "id": "0199f3a2-7b10-7f42-a1b0-0c1d2e3f4a5b",
  "offset": 4,
  "time": "2026-11-21T06:00:01.123Z",
  "data": {
    "notification_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
    "notification_ids": [
      "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
    ],
    "change": "read"
  }
};

/** `schema/frames/entry.notification_updated.all.json` */
export const entryNotificationUpdatedAll: EntryMessage & OwnEntryOf<'notification_updated'> = {
  "type": "notification_updated",
  "id": "0199f3a2-7b10-7f42-a1b0-0c1d2e3f4a5b",
  "offset": 5,
  "time": "2026-11-21T06:00:01.123Z",
  "data": {
    "notification_ids": [],
    "up_to": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
    "change": "read"
  }
};

/** `schema/frames/entry.presence_update.json` */
export const entryPresenceUpdate: EntryMessage & OwnEntryOf<'presence_update'> = {
  "type": "presence_update",
  "id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "time": "2026-11-21T06:00:00.123Z",
  "data": {
    "user_id": "ada",
    "status": "away",
    "last_seen": "2026-11-21T06:00:00.123Z",
    "data": {
      "mood": "lunch"
    }
  }
};

/** `schema/frames/entry.published.everyone.json` */
export const entryPublishedEveryone: EntryMessage = {
  "type": "maintenance.soon",
  "id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "broadcast": {
    "to": "everyone",
    "offset": 5
  },
  "time": "2026-11-21T06:00:00.123Z",
  "data": null
};

/** `schema/frames/entry.published.personal.json` */
export const entryPublishedPersonal: EntryMessage = {
  "type": "order_status_changed",
  "id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "offset": 18,
  "time": "2026-11-21T06:00:00.123Z",
  "data": {
    "order": 123,
    "status": "shipped"
  }
};

/** `schema/frames/entry.published.room.json` */
export const entryPublishedRoom: EntryMessage = {
  "type": "ticket.created",
  "room": "tickets",
  "id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "offset": 42,
  "from": "ada",
  "time": "2026-11-21T06:00:00.123Z",
  "data": {
    "id": 7,
    "title": "Printer on fire"
  }
};

/** `schema/frames/entry.reaction_added.json` */
export const entryReactionAdded: EntryMessage & OwnEntryOf<'reaction_added'> = {
  "type": "reaction_added",
  "room": "order_123",
  "id": "0199f3a2-7b10-7f42-a1b0-0c1d2e3f4a5b",
  "offset": 45,
  "from": "grace",
  "time": "2026-11-21T06:00:01.123Z",
  "data": {
    "message_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
    "emoji": "👍",
    "user": "grace"
  }
};

/** `schema/frames/entry.reaction_removed.json` */
export const entryReactionRemoved: EntryMessage & OwnEntryOf<'reaction_removed'> = {
  "type": "reaction_removed",
  "room": "order_123",
  "id": "0199f3a2-7b10-7f42-a1b0-0c1d2e3f4a5b",
  "offset": 46,
  "from": "grace",
  "time": "2026-11-21T06:00:01.123Z",
  "data": {
    "message_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
    "emoji": "👍",
    "user": "grace"
  }
};

/** `schema/frames/entry.room_read.json` */
export const entryRoomRead: EntryMessage & OwnEntryOf<'room_read'> = {
  "type": "room_read",
  "room": "order_123",
  "id": "0199f3a2-7b10-7f42-a1b0-0c1d2e3f4a5b",
  "offset": 47,
  "from": "grace",
  "time": "2026-11-21T06:00:01.123Z",
  "data": {
    "user": "grace",
    "up_to": 42
  }
};

/** `schema/frames/entry.room_unread.json` */
export const entryRoomUnread: EntryMessage & OwnEntryOf<'room_unread'> = {
  "type": "room_unread",
  "id": "0199f3a2-7b10-7f42-a1b0-0c1d2e3f4a5b",
  "time": "2026-11-21T06:00:01.123Z",
  "data": {
    "room": "order_123",
    "unread": 3,
    "up_to": 42,
    "revision": 9,
    "muted": false
  }
};

/** `schema/frames/entry.typing_indicator.json` */
export const entryTypingIndicator: EntryMessage & OwnEntryOf<'typing_indicator'> = {
  "type": "typing_indicator",
  "room": "order_123",
  "id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "time": "2026-11-21T06:00:00.123Z",
  "data": {
    "user": "ada",
    "typing": true
  }
};

/** `schema/frames/entry.unread_count.json` */
export const entryUnreadCount: EntryMessage & OwnEntryOf<'unread_count'> = {
  "type": "unread_count",
  "id": "0199f3a2-7b10-7f42-a1b0-0c1d2e3f4a5b",
  "time": "2026-11-21T06:00:01.123Z",
  "data": {
    "unread": 1,
    "revision": 8
  }
};

/** `schema/frames/error.conflict.json` */
export const errorConflict: ReplyOf<'error'> = {
  "type": "error",
  "reply_to": 5,
  "code": "conflict",
  "message": "the same idempotency key came with another body"
};

/** `schema/frames/error.forbidden.json` */
export const errorForbidden: ReplyOf<'error'> = {
  "type": "error",
  "reply_to": 5,
  "code": "forbidden",
  "message": "the rules of this room do not let you publish",
  "path": "room"
};

/** `schema/frames/error.history_lost.json` */
export const errorHistoryLost: ReplyOf<'error'> = {
  "type": "error",
  "reply_to": 3,
  "code": "history_lost",
  "message": "what was asked for is no longer kept"
};

/** `schema/frames/error.internal.json` */
export const errorInternal: ReplyOf<'error'> = {
  "type": "error",
  "reply_to": 5,
  "code": "internal",
  "message": "something went wrong here"
};

/** `schema/frames/error.invalid_request.json` */
export const errorInvalidRequest: ReplyOf<'error'> = {
  "type": "error",
  "reply_to": 3,
  "code": "invalid_request",
  "message": "the field room is missing",
  "path": "room"
};

/** `schema/frames/error.not_found.json` */
export const errorNotFound: ReplyOf<'error'> = {
  "type": "error",
  "reply_to": 3,
  "code": "not_found",
  "message": "no such room",
  "path": "room"
};

/** `schema/frames/error.payload_too_large.json` */
export const errorPayloadTooLarge: ReplyOf<'error'> = {
  "type": "error",
  "reply_to": 5,
  "code": "payload_too_large",
  "message": "the message is larger than 65536 bytes"
};

/** `schema/frames/error.queue_full.json` */
export const errorQueueFull: ReplyOf<'error'> = {
  "type": "error",
  "reply_to": 5,
  "code": "queue_full",
  "message": "the queue for this connection is full"
};

/** `schema/frames/error.rate_limited.json` */
export const errorRateLimited: ReplyOf<'error'> = {
  "type": "error",
  "reply_to": 5,
  "code": "rate_limited",
  "message": "too many messages",
  "retry_after_ms": 1200
};

/** `schema/frames/error.token_expired.json` */
export const errorTokenExpired: ReplyOf<'error'> = {
  "type": "error",
  "code": "token_expired",
  "message": "the token has expired"
};

/** `schema/frames/error.unauthorized.json` */
export const errorUnauthorized: ReplyOf<'error'> = {
  "type": "error",
  "reply_to": 1,
  "code": "unauthorized",
  "message": "the token does not verify"
};

/** `schema/frames/error.unavailable.json` */
export const errorUnavailable: ReplyOf<'error'> = {
  "type": "error",
  "reply_to": 5,
  "code": "unavailable",
  "message": "not possible at the moment, try again",
  "retry_after_ms": 500
};

/** `schema/frames/error.unknown_type.json` */
export const errorUnknownType: ReplyOf<'error'> = {
  "type": "error",
  "reply_to": 8,
  "code": "unknown_type",
  "message": "no such message type; docs/reference/websocket.md lists them",
  "path": "type"
};

/** `schema/frames/reply.acknowledged.json` */
export const replyAcknowledged: ReplyOf<'acknowledged'> = {
  "type": "acknowledged",
  "reply_to": 12,
  "entry_ids": ["0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"],
  "success": true
};

/** `schema/frames/reply.authenticated.json` */
export const replyAuthenticated: ReplyOf<'authenticated'> = {
  "type": "authenticated",
  "reply_to": 1,
  "user": "ada",
  "expires_at": "2026-11-21T07:00:00.000Z"
};

/** `schema/frames/reply.connection_established.json` */
export const replyConnectionEstablished: ReplyOf<'connection_established'> = {
  "type": "connection_established",
  "connection_id": "0199f3a2-51b0-7cc2-8e19-74d5a0b6f312",
  "user": "ada",
  "server_time": "2026-11-21T06:00:00.123Z",
  "ping_interval": 25000,
  "resume": "eyJwZXJzb25hbCI6eyJlcG9jaCI6ImszeHc5cTJhIiwib2Zmc2V0IjoxN30sImJyb2FkY2FzdHMiOnsiZXZlcnlvbmUiOnsiZXBvY2giOiJrM3h3OXEyYyIsIm9mZnNldCI6NH19LCJpbmJveCI6eyJ1bnJlYWQiOjEsInJldmlzaW9uIjo3fX0",
  "recovered": false,
  "unread": {
    "unread": 1,
    "revision": 7
  }
};

/** `schema/frames/reply.goodbye.json` */
export const replyGoodbye: ReplyOf<'goodbye'> = {
  "type": "goodbye",
  "retry_after_ms": 500,
  "spread_ms": 5000
};

/** `schema/frames/reply.history.json` */
export const replyHistory: ReplyOf<'history'> = {
  "type": "history",
  "reply_to": 8,
  "data": {
    "room": "order_123",
    "epoch": "k3xw9q2a",
    "offset": 42,
    "oldest": 1,
    "entries": [
      {
        "type": "order_status_changed",
        "room": "order_123",
        "id": "019aa4a0-0000-7000-8000-000000000001",
        "offset": 41,
        "from": "ada",
        "time": "2026-11-21T06:00:00.123Z",
        "data": {
          "status": "shipped"
        }
      }
    ]
  }
};

/** `schema/frames/reply.joined_room.json` */
export const replyJoinedRoom: ReplyOf<'joined_room'> = {
  "type": "joined_room",
  "reply_to": 3,
  "data": {
    "room": "order_123",
    "epoch": "k3xw9q2a",
    "offset": 42,
    "recovered": true,
    "members": [
      {
        "user": "ada",
        "status": "online"
      },
      {
        "user": "grace",
        "status": "away"
      }
    ],
    "member_count": 2
  }
};

/** `schema/frames/reply.joined_room.keeps_nothing.json` */
export const replyJoinedRoomKeepsNothing: ReplyOf<'joined_room'> = {
  "type": "joined_room",
  "reply_to": "j-1",
  "data": {
    "room": "lobby",
    "recovered": false,
    "members": [],
    "member_count": 5120
  }
};

/** `schema/frames/reply.joined_room.lost.json` */
export const replyJoinedRoomLost: ReplyOf<'joined_room'> = {
  "type": "joined_room",
  "reply_to": 3,
  "data": {
    "room": "order_123",
    "epoch": "k3xw9q2a",
    "offset": 42,
    "recovered": false,
    "lost": {
      "reason": "epoch",
      "oldest": 1
    },
    "members": [],
    "member_count": 0
  }
};

/** `schema/frames/reply.left_room.json` */
export const replyLeftRoom: ReplyOf<'left_room'> = {
  "type": "left_room",
  "reply_to": 4,
  "data": {
    "room": "order_123"
  }
};

/** `schema/frames/reply.left_room.access_ended.json` */
export const replyLeftRoomAccessEnded: ReplyOf<'left_room'> = {
  "type": "left_room",
  "data": {
    "room": "order_123",
    "because": "access_ended"
  }
};

/** `schema/frames/reply.messages.json` */
export const replyMessages: ReplyOf<'messages'> = {
  "type": "messages",
  "reply_to": 33,
  "data": {
    "room": "order_123",
    "items": [
      {
        "type": "chat_message",
        "room": "order_123",
        "id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
        "offset": 42,
        "from": "ada",
        "time": "2026-11-21T06:00:00.123Z",
        "data": {
          "content": "The parcel has left at nine.",
          "message_type": "text",
          "edited_at": "2026-11-21T06:00:01.123Z"
        },
        "number": 7,
        "replies": 1,
        "pin": {
          "at": "2026-11-21T06:00:01.123Z",
          "by": "grace"
        },
        "reactions": [
          {
            "emoji": "👍",
            "count": 2,
            "users": [
              "grace",
              "tim"
            ],
            "mine": false
          }
        ]
      },
      {
        "type": "chat_message",
        "room": "order_123",
        "id": "0199f3a2-6d00-7b3e-9a54-2f0c8d71e6c4",
        "offset": 44,
        "from": "grace",
        "time": "2026-11-21T06:00:01.123Z",
        "data": {
          "content": "",
          "deleted_at": "2026-11-21T06:00:01.123Z",
          "message_type": "text",
          "thread": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
        },
        "number": 8,
        "replies": 0,
        "reactions": []
      }
    ],
    "has_older": true,
    "has_newer": false
  }
};

/** `schema/frames/reply.notification_updated.json` */
export const replyNotificationUpdated: ReplyOf<'notification_updated'> = {
  "type": "notification_updated",
  "reply_to": 10,
  "notification_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "success": true,
  "unread": 0,
  "revision": 8
};

/** `schema/frames/reply.notification_updated.many.json` */
export const replyNotificationUpdatedMany: ReplyOf<'notification_updated'> = {
  "type": "notification_updated",
  "reply_to": 10,
  "notification_ids": [
    "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3"
  ],
  "success": false,
  "unread": 0,
  "revision": 8
};

/** `schema/frames/reply.pong.json` */
export const replyPong: ReplyOf<'pong'> = {
  "type": "pong",
  "reply_to": 2,
  "timestamp": 1795240800123
};

/** `schema/frames/reply.presence_state.json` */
export const replyPresenceState: ReplyOf<'presence_state'> = {
  "type": "presence_state",
  "reply_to": 6,
  "items": [
    {
      "user": "ada",
      "status": "online",
      "last_seen": "2026-11-21T06:00:00.123Z",
      "connections": 2,
      "data": {
        "mood": "busy"
      }
    },
    {
      "user": "grace",
      "status": "offline",
      "last_seen": null,
      "connections": 0
    }
  ]
};

/** `schema/frames/reply.published.json` */
export const replyPublished: ReplyOf<'published'> = {
  "type": "published",
  "reply_to": 5,
  "entry_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
  "offset": 42
};

/** `schema/frames/reply.resumed.json` */
export const replyResumed: ReplyOf<'resumed'> = {
  "type": "resumed",
  "parts": [
    {
      "part": "personal",
      "epoch": "k3xw9q2a",
      "offset": 17,
      "recovered": true
    },
    {
      "part": "broadcast",
      "to": "everyone",
      "epoch": "k3xw9q2c",
      "offset": 5,
      "recovered": true
    },
    {
      "part": "broadcast",
      "to": "role:admin",
      "epoch": "k3xw9q2d",
      "offset": 0,
      "recovered": false
    },
    {
      "part": "room",
      "room": "order_123",
      "epoch": "k3xw9q2a",
      "offset": 42,
      "recovered": true
    },
    {
      "part": "room",
      "room": "orders",
      "epoch": "k3xw9q2b",
      "offset": 7,
      "recovered": false,
      "lost": {
        "reason": "retention",
        "oldest": 5
      }
    },
    {
      "part": "refused",
      "room": "order_7",
      "code": "forbidden",
      "message": "only members may join this room"
    },
    {
      "part": "presence",
      "items": [
        {
          "user": "grace",
          "status": "online",
          "last_seen": "2026-11-21T06:00:00.123Z",
          "connections": 1
        }
      ]
    },
    {
      "part": "inbox",
      "recovered": false,
      "snapshot": [
        {
          "id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
          "title": "Order shipped",
          "message": "It arrives on Monday.",
          "severity": "success",
          "category": "order",
          "data": {
            "order": 7
          },
          "url": "/orders/7",
          "actions": [
            {
              "id": "track",
              "label": "Track it",
              "url": "/orders/7/track"
            }
          ],
          "read": false,
          "created_at": "2026-11-21T06:00:00.123Z"
        }
      ]
    },
    {
      "part": "counters",
      "recovered": false,
      "snapshot": {
        "inbox": {
          "unread": 1,
          "revision": 7
        },
        "rooms": [
          {
            "room": "order_123",
            "unread": 2,
            "up_to": 40,
            "revision": 3,
            "muted": false
          }
        ]
      }
    }
  ]
};

/** `schema/frames/reply.room_unread.json` */
export const replyRoomUnread: ReplyOf<'room_unread'> = {
  "type": "room_unread",
  "reply_to": 31,
  "data": {
    "room": "channel_news",
    "unread": 120,
    "up_to": 0,
    "revision": 120,
    "muted": true,
    "muted_until": "2026-11-22T06:00:00.000Z"
  }
};

/** `schema/frames/reply.search_results.json` */
export const replySearchResults: ReplyOf<'search_results'> = {
  "type": "search_results",
  "reply_to": 50,
  "data": {
    "items": [
      {
        "type": "chat_message",
        "room": "order_123",
        "id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
        "offset": 42,
        "from": "ada",
        "time": "2026-11-21T06:00:00.123Z",
        "data": {
          "content": "The printer is on fire",
          "message_type": "text"
        },
        "number": 7,
        "replies": 0,
        "reactions": [],
        "snippet": [
          {
            "text": "The ",
            "hit": false
          },
          {
            "text": "printer",
            "hit": true
          },
          {
            "text": " is on ",
            "hit": false
          },
          {
            "text": "fire",
            "hit": true
          }
        ]
      }
    ],
    "next_cursor": null
  }
};

/** `schema/frames/reply.unread_notifications.json` */
export const replyUnreadNotifications: ReplyOf<'unread_notifications'> = {
  "type": "unread_notifications",
  "reply_to": 9,
  "count": 1,
  "revision": 7,
  "notifications": [
    {
      "id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3",
      "title": "Order shipped",
      "message": "It arrives on Monday.",
      "severity": "success",
      "category": "order",
      "data": {
        "order": 7
      },
      "url": "/orders/7",
      "actions": [
        {
          "id": "track",
          "label": "Track it",
          "url": "/orders/7/track"
        }
      ],
      "read": false,
      "created_at": "2026-11-21T06:00:00.123Z"
    }
  ]
};

/** `schema/frames/reply.unread_rooms.json` */
export const replyUnreadRooms: ReplyOf<'unread_rooms'> = {
  "type": "unread_rooms",
  "reply_to": 36,
  "items": [
    {
      "room": "channel_news",
      "unread": 120,
      "up_to": 0,
      "revision": 120,
      "muted": true,
      "muted_until": "2026-11-22T06:00:00.000Z"
    },
    {
      "room": "order_123",
      "unread": 3,
      "up_to": 42,
      "revision": 9,
      "muted": false
    }
  ]
};
