//! One row of the table of endpoints, and how a row becomes a route.

use std::{collections::BTreeMap, future::Future, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use http::{Method, StatusCode, Uri};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use tidings_protocol::ErrorCode;

use super::{query::Query, routes};
use crate::{
    App,
    ops::{access, health},
    problem::{self, HttpFault},
};

/// What every handler gives back.
pub(crate) type Outcome = Result<Response, HttpFault>;

/// Who may call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Auth {
    /// Anybody.
    Nobody,
    /// A back end with its API key.
    ApiKey,
    /// A user with their token.
    User,
    /// The same, or an address in `security.admin_allow`.
    ApiKeyOrAddress,
    /// Anybody, and what [`Auth::ApiKeyOrAddress`] says when `?verbose` is asked.
    ForVerbose,
}

/// What an endpoint is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tag {
    Publishing,
    Notifications,
    Presence,
    Rooms,
    Chat,
    Users,
    Connections,
    Privacy,
    Operations,
    Description,
}

impl Tag {
    pub(crate) const ALL: [Self; 10] = [
        Self::Publishing,
        Self::Notifications,
        Self::Presence,
        Self::Rooms,
        Self::Chat,
        Self::Users,
        Self::Connections,
        Self::Privacy,
        Self::Operations,
        Self::Description,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Publishing => "publishing",
            Self::Notifications => "notifications",
            Self::Presence => "presence",
            Self::Rooms => "rooms",
            Self::Chat => "chat",
            Self::Users => "me",
            Self::Connections => "connections",
            Self::Privacy => "privacy",
            Self::Operations => "operations",
            Self::Description => "description",
        }
    }

    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Publishing => "Entries to users, rooms, roles and everyone.",
            Self::Notifications => "What users shall know, whether they are connected or not.",
            Self::Presence => "Who is there.",
            Self::Rooms => "What rooms are, keep, and who is a member.",
            Self::Chat => {
                "Messages in rooms, and what people do to them; under `/v1/me` with a user's own token."
            }
            Self::Users => "What users may ask themselves, with their own token.",
            Self::Connections => "Sockets that are open, and ending them.",
            Self::Privacy => "What is kept of a person, forgetting people, and what was done by whom.",
            Self::Operations => "For those who run the server.",
            Self::Description => "This description.",
        }
    }
}

/// Where a parameter stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

/// A parameter of an endpoint.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    /// The type in JSON Schema's words.
    pub(crate) kind: &'static str,
    pub(crate) about: &'static str,
}

/// The schema of a type, from a generator that collects the definitions.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// [`SchemaOf`] of a type.
pub(crate) fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// What a caller sends.
pub(crate) struct Body {
    pub(crate) schema: SchemaOf,
    pub(crate) required: bool,
    /// JSON text that works when sent as it stands.
    pub(crate) example: &'static str,
}

/// What a caller gets.
pub(crate) enum Content {
    /// JSON of this type.
    Json(SchemaOf),
    /// Nothing but the status.
    Nothing,
    /// JSON that some other specification describes.
    ForeignJson,
    /// Text of this media type.
    Text(&'static str),
}

/// One endpoint: all that the router and the description need to know.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// Its name in metrics and, as `operationId`, in the description.
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) about: &'static str,
    pub(crate) tag: Tag,
    pub(crate) auth: Auth,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) body: Option<Body>,
    pub(crate) status: StatusCode,
    pub(crate) content: Content,
    /// The errors of its own; those that come with credentials and bodies are added by [`Endpoint::errors`].
    pub(crate) own_errors: &'static [ErrorCode],
    /// Makes the route: the handler's type is known only here.
    pub(crate) route: fn(usize, Auth) -> MethodRouter<Arc<App>>,
}

impl Endpoint {
    /// Every error that a caller may meet.
    pub(crate) fn errors(&self) -> Vec<ErrorCode> {
        let mut errors = self.own_errors.to_vec();
        if self.auth != Auth::Nobody {
            // Too many wrong keys from one address.
            errors.extend([ErrorCode::Unauthorized, ErrorCode::RateLimited]);
        }
        if self.body.is_some() {
            errors.extend([ErrorCode::InvalidRequest, ErrorCode::PayloadTooLarge]);
        }
        errors.sort_by_key(|code| (code.status(), code.as_str()));
        errors.dedup();
        errors
    }
}

/// A router of some rows, each with its place in the table.
pub(crate) fn mount(rows: impl Iterator<Item = (usize, &'static Endpoint)>) -> Router<Arc<App>> {
    let mut paths: BTreeMap<&str, MethodRouter<Arc<App>>> = BTreeMap::new();
    for (ordinal, endpoint) in rows {
        let methods = paths.remove(endpoint.path).unwrap_or_default();
        paths.insert(endpoint.path, methods.merge((endpoint.route)(ordinal, endpoint.auth)));
    }
    paths
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods.fallback(other_method)))
}

/// A route that asks for credentials, runs the handler and counts the answer, without a layer between.
pub(crate) fn route<F, A>(
    method: MethodFilter,
    ordinal: usize,
    auth: Auth,
    handler: F,
) -> MethodRouter<Arc<App>>
where
    F: FnOnce(Arc<App>, Request) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Outcome> + Send,
{
    on(method, move |State(app): State<Arc<App>>, request: Request| {
        serve(app, ordinal, auth, handler, request)
    })
}

/// Asks for credentials, runs the handler and counts the answer.
async fn serve<A>(
    app: Arc<App>,
    ordinal: usize,
    auth: Auth,
    handler: impl FnOnce(Arc<App>, Request) -> A,
    mut request: Request,
) -> Response
where
    A: Future<Output = Outcome> + Send,
{
    let admitted =
        admit(&app, auth, &mut request).and_then(|()| known_parameters(ordinal, auth, request.uri()));
    let outcome = match admitted {
        Ok(()) => handler(app.clone(), request).await,
        Err(fault) => Err(fault),
    };
    counted(&app, ordinal, outcome)
}

/// Counts the answer of an endpoint.
pub(crate) fn counted(app: &App, ordinal: usize, outcome: Outcome) -> Response {
    let response = outcome.unwrap_or_else(IntoResponse::into_response);
    app.edge_metrics.answered(ordinal, response.status());
    response
}

/// Refuses a query with names that the endpoint does not have. Not for those that anybody may ask: probes add what they like.
fn known_parameters(ordinal: usize, auth: Auth, uri: &Uri) -> Result<(), HttpFault> {
    if uri.query().is_none() || matches!(auth, Auth::Nobody | Auth::ForVerbose) {
        return Ok(());
    }
    let Some(endpoint) = routes::endpoints().nth(ordinal) else { return Ok(()) };
    let known = endpoint.parameters.iter().filter(|parameter| parameter.place == Place::Query);
    Ok(Query::of(uri).only(known.map(|parameter| parameter.name))?)
}

fn admit(app: &App, auth: Auth, request: &mut Request) -> Result<(), HttpFault> {
    match auth {
        Auth::Nobody => Ok(()),
        Auth::ApiKey => access::check_key(app, request.headers(), request.extensions()),
        Auth::User => {
            let identity = app.callers.admit(app, request.headers())?;
            request.extensions_mut().insert(Arc::new(identity));
            Ok(())
        }
        Auth::ForVerbose if !health::is_verbose(request.uri()) => Ok(()),
        Auth::ApiKeyOrAddress | Auth::ForVerbose => {
            access::check(app, request.headers(), request.extensions())
        }
    }
}

/// A path's answer to methods that it does not have; axum adds `Allow`.
async fn other_method(method: Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    problem::wrong_method()
}
