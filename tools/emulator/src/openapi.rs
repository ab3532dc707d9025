//! The OpenAPI document, generated from the code so that the two agree.

use crate::{api_error, keys, users};
use axum::Json;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, RefOr, Schema};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(title = "Fireworks API keys, locally"),
    paths(
        keys::create,
        keys::list,
        keys::delete,
        users::list,
        users::account
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
        for listed in ["ApiKey", "User"] {
            if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(listed) {
                object.required.clear();
            }
        }
    }
}

/// Serves the document.
pub async fn document() -> Json<Document> {
    Json(Api::openapi())
}
