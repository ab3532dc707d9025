//! Runs each export as one promise: reads the options, runs the lifecycle, converts the errors.

use crate::answer::to_js;
use crate::error::{self, Aftermath, Context};
use crate::exchange::{Api, ApiError};
use crate::host::{self, Watch};
use crate::lifecycle::{
    self, Call, Collection, Counts, Created, Horizon, Page, Rotated, Rotation, RotationError,
    Sweep, Unfinished,
};
use crate::lifecycle::{Rotator as _, Service as _};
use crate::options::{Audit, Create, Delete, DeleteOrphans, InvalidOption, List, Listed, Rotate};
use crate::rotation::CallerStore;
use js_sys::{Array, Promise, Set};
use std::future::Future;
use std::pin::Pin;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

type Options<T> = Result<T, InvalidOption>;

/// Starts an operation that has already waited this long for the module to load.
fn begin(api: &Api, waited_ms: f64) -> Call<'_, Api> {
    Call::since(api.elapsed_ms() - waited_ms, api, api.limits())
}

/// Makes the promise of an operation. All operations share this function to keep the module small.
fn promise(work: Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>) -> Promise {
    future_to_promise(work)
}

pub fn create(options: Options<Create>, watch: Watch, waited_ms: f64) -> Promise {
    const OPERATION: &str = "createApiKey";
    promise(Box::pin(async move {
        let options = options.map_err(|invalid| error::invalid(OPERATION, &invalid))?;
        let mark = options.mark.as_ref();
        let api = Api::new(options.common.connection).watched(&watch, mark);
        let call = begin(&api, waited_ms);
        let create = lifecycle::Create {
            account: &options.common.account,
            user: &options.user,
            key: &options.key,
            mark,
        };
        let Created {
            outcome,
            attempts,
            orphans,
            key_ids,
            live,
            unfinished,
            ..
        } = create.run(&call).await;
        finish(&api, watch, unfinished);
        outcome.map(|answer| answer.value()).map_err(|failure| {
            let context = Context {
                operation: OPERATION,
                attempts,
                aftermath: Some(Aftermath {
                    orphans,
                    key_ids: &key_ids,
                    attempt_tag: mark.map(|mark| mark.tag.as_str()),
                    keep_key_id: None,
                    live_key_ids: live.as_deref().map(|live| [live]),
                }),
            };
            error::error(&context, &failure, &api)
        })
    }))
}

pub fn rotate(options: Options<Rotate>, watch: Watch, waited_ms: f64) -> Promise {
    const OPERATION: &str = "rotateApiKey";
    promise(Box::pin(async move {
        let options = options.map_err(|invalid| error::invalid(OPERATION, &invalid))?;
        let api = Api::new(options.common.connection).watched(&watch, Some(&options.mark));
        let call = begin(&api, waited_ms);
        let store = CallerStore {
            api: &api,
            watch: &watch,
            persist: options.persist,
        };
        let rotate = lifecycle::Rotate {
            account: &options.common.account,
            user: &options.user,
            key_id: &options.key_id,
            mark: &options.mark,
            end: options.end.as_ref(),
            verify: options.verify,
            keep: options.keep,
            delete_unfinished: options.delete_unfinished,
        };
        let Rotated {
            outcome,
            unfinished,
        } = rotate.run(&call, &store).await;
        let context = Context {
            operation: OPERATION,
            attempts: call.attempts(),
            aftermath: None,
        };
        match outcome {
            Ok(Rotation {
                created,
                revoked,
                pending,
                is_token,
            }) => {
                // If the old key was the token, it may be gone, so the new key does the rest.
                let new = is_token.then(|| api.with_key_of(&created)).flatten();
                finish(new.as_ref().unwrap_or(&api), watch, unfinished);
                let list = Array::new();
                for pending in &pending {
                    let why = error::pending(&context, &pending.error, &api);
                    list.push(&host::pending(&pending.key_id, &why));
                }
                Ok(host::rotation(&created.value(), &to_js(&revoked)?, &list))
            }
            Err(RotationError {
                stage,
                kind,
                live,
                aftermath,
            }) => {
                finish(&api, watch, unfinished);
                let context = Context {
                    aftermath: aftermath.as_ref().map(|aftermath| Aftermath {
                        orphans: aftermath.orphans,
                        key_ids: &aftermath.key_ids,
                        attempt_tag: Some(&options.mark.tag),
                        keep_key_id: aftermath.keep.as_deref(),
                        // The rotation's own field names all keys that are alive.
                        live_key_ids: None,
                    }),
                    ..context
                };
                Err(error::rotation(&context, stage, &kind, &live, &api))
            }
        }
    }))
}

/// Runs the sweep that goes on after the answer. The caller is told first, because the runtime may end at any
/// time; if it ends with the answer for certain, nothing goes on.
fn finish(api: &Api, watch: Watch, unfinished: Option<Unfinished>) {
    let Some(unfinished) = unfinished else {
        return watch.end_watch();
    };
    let horizon = match (api.waits_for_work(), host::lives_on()) {
        (true, _) => Horizon::Short,
        (false, true) => Horizon::Long,
        (false, false) => {
            watch.end_watch();
            return unfinished.close(api);
        }
    };
    unfinished.open(api, horizon);
    watch.keep(unfinished.keep());
    let later = api.detached();
    let watching = watch.clone();
    let work = promise(Box::pin(async move {
        unfinished.run(&later, later.limits(), horizon).await;
        watching.end_watch();
        Ok(JsValue::UNDEFINED)
    }));
    api.hold(&watch, &work);
}

pub fn delete(options: Options<Delete>, waited_ms: f64) -> Promise {
    const OPERATION: &str = "deleteApiKey";
    promise(Box::pin(async move {
        let options = options.map_err(|invalid| error::invalid(OPERATION, &invalid))?;
        let account = options.common.account;
        let api = Api::new(options.common.connection);
        let call = begin(&api, waited_ms);
        let deletion = lifecycle::Deletion {
            account: &account,
            user: &options.user,
        };
        deletion
            .run(&call, &options.key_id, options.missing_ok)
            .await
            .map(|()| JsValue::UNDEFINED)
            .map_err(|failure| failed(OPERATION, &call, &failure, &api))
    }))
}

pub fn delete_orphans(options: Options<DeleteOrphans>, waited_ms: f64) -> Promise {
    const OPERATION: &str = "deleteOrphans";
    promise(Box::pin(async move {
        let options = options.map_err(|invalid| error::invalid(OPERATION, &invalid))?;
        let sweep = Sweep {
            account: options.common.account,
            user: options.user,
            mark: Some(options.mark),
            keep: options.keep,
            named: None,
        };
        let api = Api::new(options.common.connection);
        let call = begin(&api, waited_ms);
        let mut deleted = Vec::new();
        match sweep.run(&call, &mut deleted).await {
            Ok(_) => to_js(&deleted),
            Err(failure) => Err(failed(OPERATION, &call, &failure, &api)),
        }
    }))
}

pub fn audit(options: Options<Audit>, waited_ms: f64) -> Promise {
    const OPERATION: &str = "auditApiKeys";
    promise(Box::pin(async move {
        let options = options.map_err(|invalid| error::invalid(OPERATION, &invalid))?;
        let account = options.common.account;
        let api = Api::new(options.common.connection);
        let call = begin(&api, waited_ms);
        let (user, query) = (&options.user, &options.query);
        let audited = lifecycle::audit(&call, &account, user, query, options.thresholds)
            .await
            .map_err(|failure| failed(OPERATION, &call, &failure, &api))?;
        let keys = Array::new();
        for audited in &audited {
            let entry = host::audited(&audited.key.value(), &to_js(&audited.findings)?);
            keys.push(&entry);
        }
        Ok(host::audit(&keys, &to_js(&Counts::of(&audited))?))
    }))
}

pub fn list(
    listed: Listed,
    options: Options<List>,
    page_token: Option<String>,
    seen: Set,
    waited_ms: f64,
) -> Promise {
    let operation = listed.operation();
    promise(Box::pin(async move {
        let mut options = options.map_err(|invalid| error::invalid(operation, &invalid))?;
        if let Some(token) = page_token {
            options.query.retain(|(name, _)| *name != "pageToken");
            options.query.push(("pageToken", token));
        }
        for (_, token) in options
            .query
            .iter()
            .filter(|(name, _)| *name == "pageToken")
        {
            seen.add(&token.into());
        }
        let api = Api::new(options.common.connection);
        let call = begin(&api, waited_ms);
        let (account, user) = (&*options.common.account, &*options.user);
        let page = Page {
            collection: match listed {
                Listed::Keys => Collection::Keys { account, user },
                Listed::Users => Collection::Users { account },
                Listed::Accounts => Collection::Accounts,
            },
            query: &options.query,
        };
        let mut remember = |token: &str| {
            let token = token.into();
            let new = !seen.has(&token);
            seen.add(&token);
            new
        };
        lifecycle::page(&call, &page, &mut remember)
            .await
            .map(|answer| answer.value())
            .map_err(|failure| failed(operation, &call, &failure, &api))
    }))
}

fn failed(operation: &'static str, call: &Call<'_, Api>, failure: &ApiError, api: &Api) -> JsValue {
    let context = Context {
        operation,
        attempts: call.attempts(),
        aftermath: None,
    };
    error::error(&context, failure, api)
}
