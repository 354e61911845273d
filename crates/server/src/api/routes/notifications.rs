//! Rows about notifications: sending them, inboxes, receipts, and how users want to be told.

use axum::routing::MethodFilter;
use http::{Method, StatusCode};
use tidings_protocol::{
    ErrorCode,
    http::{
        MarkRequest, MarkResponse, NotificationPage, NotifyRequest, NotifyResponse, Page, ReceiptInfo,
        ScheduledInfo,
    },
    notification::Preferences,
};

use super::{
    super::{
        endpoint::{Auth, Body, Content, Endpoint, Parameter, Place, Tag, route, schema_of},
        notifications as handlers,
    },
    CURSOR, IDEMPOTENCY_KEY, LIMIT,
};

const fn text(name: &'static str, place: Place, about: &'static str) -> Parameter {
    Parameter { name, place, kind: "string", about }
}

const fn flag(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, place: Place::Query, kind: "boolean", about }
}

const USER: Parameter = text("user", Place::Path, "Whose.");
const ROLES: Parameter = text(
    "roles",
    Place::Query,
    "Roles with commas between them: what went to them is in the inbox too. The server knows them only from tokens.",
);
const ACT: Parameter = text(
    "act",
    Place::Path,
    "`seen`, `read`, `unread`, `archive`, `unarchive`, `snooze` (with `until`) or `delete`.",
);
const UNREAD: Parameter = flag("unread", "Only those that were not read, or only those that were.");
const ARCHIVED: Parameter =
    flag("archived", "`true`: those that were put away, and only those; not them when absent.");
const SNOOZED: Parameter = flag("snoozed", "`true`: those that are out of sight for now, and only those.");
const CATEGORY: Parameter = text("category", Place::Query, "Only those of this category.");
const SEVERITY: Parameter = text("severity", Place::Query, "Only `info`, `success`, `warning` or `error`.");
const INBOX_LIMIT: Parameter = Parameter {
    name: "limit",
    place: Place::Query,
    kind: "integer",
    about: "Items of a page, 1 to 200; 50 when absent.",
};

const MARK: Option<Body> =
    Some(Body { schema: schema_of::<MarkRequest>, required: true, example: r#"{"all": true}"# });
const PREFERENCES: Option<Body> = Some(Body {
    schema: schema_of::<Preferences>,
    required: true,
    example: r#"{"mute": {"categories": ["news"]}, "quiet_hours": {"from": "22:00", "to": "07:00", "time_zone": "Europe/Berlin"}}"#,
});
const LIST_ABOUT: &str = "The newest first, without those that are archived or snoozed unless asked for. `unread` and `revision` are of the whole inbox.";
const MARK_ABOUT: &str = "All devices of the user hear it, with the new count. 404 when none of `ids` is in the inbox, whoever else has it; some that are \
                          not are listed. What is so already stays so and is not counted.";
const CALL_OFF_ABOUT: &str = "Of one that is repeated, all that was not sent yet; of one to several users, all of them. What was sent stays in the inboxes.";
const PREFERENCES_ABOUT: &str = "What is muted, or comes in quiet hours, is kept and counts as unread; no `new_notification` is sent for it. Quiet hours let \
                                 `error` through unless `let_through` says otherwise; a mute lets nothing through. What `digest` names, by its category or its \
                                 `digest_key`, waits until its window ends, and comes as one notification; an `error` comes at once.";

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::POST,
        path: "/v1/notifications",
        name: "notify",
        summary: "Notify users",
        about: "The notification is in the inboxes when the answer comes: those who are connected hear it now, the others find it when they come. To \
                the members of a room, a role or everyone it goes to all who have an inbox: whoever was ever connected or notified. With `send_at` \
                or `repeat` it is sent later, within seconds.",
        tag: Tag::Notifications,
        auth: Auth::ApiKey,
        parameters: &[IDEMPOTENCY_KEY],
        body: Some(Body {
            schema: schema_of::<NotifyRequest>,
            required: true,
            example: r#"{"to": {"user": "ada"}, "title": "Order shipped", "message": "It arrives on Monday.", "severity": "success", "url": "/orders/7"}"#,
        }),
        status: StatusCode::CREATED,
        content: Content::Json(schema_of::<NotifyResponse>),
        own_errors: &[ErrorCode::NotFound, ErrorCode::Conflict, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::POST, ordinal, auth, handlers::notify),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/notifications/scheduled",
        name: "scheduled_notifications",
        summary: "What waits to be sent",
        about: "In the order of the ids. What was asked for several users is an item for each; so is what users want gathered, until it comes.",
        tag: Tag::Notifications,
        auth: Auth::ApiKey,
        parameters: &[LIMIT, CURSOR],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Page<ScheduledInfo>>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, handlers::scheduled),
    },
    Endpoint {
        method: Method::DELETE,
        path: "/v1/notifications/scheduled/{id}",
        name: "call_off_scheduled_notification",
        summary: "Call off what was not sent yet",
        about: CALL_OFF_ABOUT,
        tag: Tag::Notifications,
        auth: Auth::ApiKey,
        parameters: &[text("id", Place::Path, "An item's `id` or `part_of`.")],
        body: None,
        status: StatusCode::NO_CONTENT,
        content: Content::Nothing,
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::NotFound, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::DELETE, ordinal, auth, handlers::call_off),
    },
    Endpoint {
        method: Method::DELETE,
        path: "/v1/notifications/{id}",
        name: "call_off_notification",
        summary: "Call off what was not sent yet",
        about: CALL_OFF_ABOUT,
        tag: Tag::Notifications,
        auth: Auth::ApiKey,
        parameters: &[text("id", Place::Path, "Which.")],
        body: None,
        status: StatusCode::NO_CONTENT,
        content: Content::Nothing,
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::NotFound, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::DELETE, ordinal, auth, handlers::call_off),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/users/{user}/notifications",
        name: "notifications_of_user",
        summary: "A user's inbox",
        about: LIST_ABOUT,
        tag: Tag::Notifications,
        auth: Auth::ApiKey,
        parameters: &[USER, ROLES, UNREAD, ARCHIVED, SNOOZED, CATEGORY, SEVERITY, INBOX_LIMIT, CURSOR],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<NotificationPage>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, handlers::of_user),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/users/{user}/notifications/{act}",
        name: "mark_notifications_of_user",
        summary: "Mark a user's notifications",
        about: MARK_ABOUT,
        tag: Tag::Notifications,
        auth: Auth::ApiKey,
        parameters: &[USER, ACT, ROLES],
        body: MARK,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<MarkResponse>),
        own_errors: &[ErrorCode::NotFound, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::POST, ordinal, auth, handlers::mark_of_user),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/users/{user}/preferences",
        name: "preferences_of_user",
        summary: "How a user wants to be told",
        about: PREFERENCES_ABOUT,
        tag: Tag::Notifications,
        auth: Auth::ApiKey,
        parameters: &[USER],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Preferences>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, handlers::preferences_of),
    },
    Endpoint {
        method: Method::PUT,
        path: "/v1/users/{user}/preferences",
        name: "put_preferences_of_user",
        summary: "Put how a user wants to be told",
        about: PREFERENCES_ABOUT,
        tag: Tag::Notifications,
        auth: Auth::ApiKey,
        parameters: &[USER],
        body: PREFERENCES,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Preferences>),
        own_errors: &[ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::PUT, ordinal, auth, handlers::put_preferences_of),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/entries/{id}/receipts",
        name: "receipts",
        summary: "Who has a notification or an entry, on what, and who has read it",
        about: "In the order of the users' ids. Notifications, and entries that were published with `receipts`. To users by name: all of them. To a \
                room, a role or everyone: those to whom it came, of a notification those too who have seen or read it. `delivered` is of what \
                was sent with `receipts`. An id that nobody has is an empty list.",
        tag: Tag::Notifications,
        auth: Auth::ApiKey,
        parameters: &[text("id", Place::Path, "The notification's, or the entry's."), LIMIT, CURSOR],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Page<ReceiptInfo>>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, handlers::receipts),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/me/notifications",
        name: "my_notifications",
        summary: "My inbox",
        about: LIST_ABOUT,
        tag: Tag::Users,
        auth: Auth::User,
        parameters: &[UNREAD, ARCHIVED, SNOOZED, CATEGORY, SEVERITY, INBOX_LIMIT, CURSOR],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<NotificationPage>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, handlers::mine),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/me/notifications/{act}",
        name: "mark_my_notifications",
        summary: "Mark my notifications",
        about: MARK_ABOUT,
        tag: Tag::Users,
        auth: Auth::User,
        parameters: &[ACT],
        body: MARK,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<MarkResponse>),
        own_errors: &[ErrorCode::NotFound, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::POST, ordinal, auth, handlers::mark_mine),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/me/preferences",
        name: "my_preferences",
        summary: "How I want to be told",
        about: PREFERENCES_ABOUT,
        tag: Tag::Users,
        auth: Auth::User,
        parameters: &[],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Preferences>),
        own_errors: &[ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, handlers::my_preferences),
    },
    Endpoint {
        method: Method::PUT,
        path: "/v1/me/preferences",
        name: "put_my_preferences",
        summary: "Put how I want to be told",
        about: PREFERENCES_ABOUT,
        tag: Tag::Users,
        auth: Auth::User,
        parameters: &[],
        body: PREFERENCES,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Preferences>),
        own_errors: &[ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::PUT, ordinal, auth, handlers::put_my_preferences),
    },
];
