//! The description of the API, generated from its code.

use crate::{failure, keys, users};
use axum::Json;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
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
    components(schemas(failure::Status)),
    modifiers(&Bearer)
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

/// Serves it.
pub async fn document() -> Json<Document> {
    Json(Api::openapi())
}
