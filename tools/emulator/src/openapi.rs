//! The OpenAPI document, generated from the code so that the two agree.

use crate::{accounts, api_error, keys, origin, users};
use axum::Json;
use axum::extract::Request;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, RefOr, Schema, Server};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Fireworks API keys, locally",
        description = "What is known of the Fireworks API-keys service. Where its behaviour is unknown, \
            options of fireworks-emulator choose it: lists that lag (--list-lag), keys that are accepted \
            late and refused late (--key-lag), a limit on requests (--rate, answered 429 with \
            Retry-After), CORS (--cors), the length of annotations (--longest-annotation), a clock that \
            is off (--clock), paging that is ignored (--paging off), and whether the keys of removed \
            users are accepted (--keys-of-removed-users). Names, fields and types that are not described \
            here are refused with 400."
    ),
    paths(
        keys::create,
        keys::list,
        keys::delete,
        users::list,
        accounts::list,
        accounts::get
    ),
    components(schemas(api_error::Status)),
    modifiers(&Bearer, &Masked)
)]
struct Api;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

struct Masked;

impl Modify for Masked {
    /// Makes all fields of listed resources optional, as a `readMask` can leave out any of them.
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        for listed in ["Account", "ApiKey", "User"] {
            if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(listed) {
                object.required.clear();
            }
        }
    }
}

/// Serves the document. It names the server by the host that the request was sent to.
pub async fn document(request: Request) -> Json<Document> {
    let (parts, _) = request.into_parts();
    let mut document = Api::openapi();
    let address = origin::host(&parts).map(|host| Server::new(format!("http://{host}")));
    document.servers = address.map(|server| vec![server]);
    Json(document)
}
