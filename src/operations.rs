//! Joins options, lifecycle and errors: what each export does, as one promise.

use crate::answer::to_record;
use crate::error::{self, Aftermath, Context};
use crate::exchange::{Api, ApiFailure};
use crate::host::{self, Watch};
use crate::lifecycle::Rotator as _;
use crate::lifecycle::{
    self, Call, Collection, Counts, Created, Page, Rotated, Rotation, Stopped, Sweep, Unfinished,
};
use crate::options::{Audit, Create, Delete, DeleteOrphans, Invalid, List, Rotate};
use js_sys::{Array, Promise, Set};
use std::future::Future;
use std::pin::Pin;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

type Options<T> = Result<T, Invalid>;

/// One promise for every operation, so that its machinery is there once.
fn promise(work: Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>) -> Promise {
    future_to_promise(work)
}

pub fn create(options: Options<Create>, watch: Watch) -> Promise {
    const OPERATION: &str = "createApiKey";
    promise(Box::pin(async move {
        let options = options.map_err(|invalid| error::invalid(OPERATION, &invalid))?;
        let mark = options.mark.as_ref();
        let api = Api::new(options.common.connection).watched(&watch, mark);
        let call = Call::new(&api, api.limits());
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
            unfinished,
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
                }),
            };
            error::error(&context, &failure, &api)
        })
    }))
}

pub fn rotate(options: Options<Rotate>, watch: Watch) -> Promise {
    const OPERATION: &str = "rotateApiKey";
    promise(Box::pin(async move {
        let options = options.map_err(|invalid| error::invalid(OPERATION, &invalid))?;
        let api = Api::new(options.common.connection)
            .watched(&watch, Some(&options.mark))
            .storing(options.persist);
        let call = Call::new(&api, api.limits());
        let rotate = lifecycle::Rotate {
            account: &options.common.account,
            user: &options.user,
            key_id: &options.key_id,
            mark: &options.mark,
            expiry: options
                .expiry
                .as_ref()
                .map(|(time, ms)| (time.as_str(), *ms)),
            verify: options.verify,
            keep: options.keep,
            delete_unfinished: options.delete_unfinished,
        };
        let Rotated {
            outcome,
            unfinished,
        } = rotate.run(&call).await;
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
                // Where the token is gone, what is still to be done is done with the new key.
                let new = is_token.then(|| api.holding(&created)).flatten();
                finish(new.as_ref().unwrap_or(&api), watch, unfinished);
                let list = Array::new();
                for pending in &pending {
                    let why = error::pending(&context, &pending.failure, &api);
                    list.push(&host::pending(&pending.key_id, &why));
                }
                Ok(host::rotation(
                    &created.value(),
                    &to_record(&revoked)?,
                    &list,
                ))
            }
            Err(Stopped {
                stage,
                hindrance,
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
                    }),
                    ..context
                };
                Err(error::stopped(&context, stage, &hindrance, &live, &api))
            }
        }
    }))
}

/// Sees to the sweep that the caller does not wait for. Where nothing is known yet and the runtime
/// may end with the answer, the caller is told instead.
fn finish(api: &Api, watch: Watch, unfinished: Option<Unfinished>) {
    let Some(unfinished) = unfinished else {
        return watch.end_watch();
    };
    if unfinished.unknown && !api.can_hold() {
        watch.end_watch();
        return unfinished.give_up(api);
    }
    watch.keep(unfinished.keep());
    let later = api.detached();
    let watching = watch.clone();
    let work = promise(Box::pin(async move {
        unfinished.run(&later, later.limits()).await;
        watching.end_watch();
        Ok(JsValue::UNDEFINED)
    }));
    api.hold(&watch, &work);
}

pub fn delete(options: Options<Delete>) -> Promise {
    const OPERATION: &str = "deleteApiKey";
    promise(Box::pin(async move {
        let options = options.map_err(|invalid| error::invalid(OPERATION, &invalid))?;
        let account = options.common.account;
        let api = Api::new(options.common.connection);
        let call = Call::new(&api, api.limits());
        lifecycle::delete(
            &call,
            &account,
            &options.user,
            &options.key_id,
            options.missing_ok,
        )
        .await
        .map(|()| JsValue::UNDEFINED)
        .map_err(|failure| failed(OPERATION, &call, &failure, &api))
    }))
}

pub fn delete_orphans(options: Options<DeleteOrphans>) -> Promise {
    const OPERATION: &str = "deleteOrphans";
    promise(Box::pin(async move {
        let options = options.map_err(|invalid| error::invalid(OPERATION, &invalid))?;
        let sweep = Sweep {
            account: options.common.account,
            user: options.user,
            mark: options.mark,
            keep: options.keep,
            named: None,
        };
        let api = Api::new(options.common.connection);
        let call = Call::new(&api, api.limits());
        let mut deleted = Vec::new();
        match sweep.run(&call, &mut deleted).await {
            Ok(()) => to_record(&deleted),
            Err(failure) => Err(failed(OPERATION, &call, &failure, &api)),
        }
    }))
}

pub fn list_keys(options: Options<List>, page_token: &JsValue, seen: Set) -> Promise {
    list("listApiKeys", options, page_token, seen, |user| {
        Collection::Keys { user }
    })
}

pub fn list_users(options: Options<List>, page_token: &JsValue, seen: Set) -> Promise {
    list("listUsers", options, page_token, seen, |_| {
        Collection::Users
    })
}

pub fn audit(options: Options<Audit>) -> Promise {
    const OPERATION: &str = "auditApiKeys";
    promise(Box::pin(async move {
        let options = options.map_err(|invalid| error::invalid(OPERATION, &invalid))?;
        let account = options.common.account;
        let api = Api::new(options.common.connection);
        let call = Call::new(&api, api.limits());
        let (user, query) = (&options.user, &options.query);
        let audited = lifecycle::audit(&call, &account, user, query, options.thresholds)
            .await
            .map_err(|failure| failed(OPERATION, &call, &failure, &api))?;
        let keys = Array::new();
        for audited in &audited {
            let entry = host::audited(audited.key.value(), &to_record(&audited.findings)?);
            keys.push(&entry);
        }
        Ok(host::audit(&keys, &to_record(&Counts::of(&audited))?))
    }))
}

fn list(
    operation: &'static str,
    options: Options<List>,
    page_token: &JsValue,
    seen: Set,
    collection: fn(&str) -> Collection<'_>,
) -> Promise {
    let page_token = page_token.as_string();
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
        let call = Call::new(&api, api.limits());
        let page = Page {
            account: &options.common.account,
            collection: collection(&options.user),
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

fn failed(
    operation: &'static str,
    call: &Call<'_, Api>,
    failure: &ApiFailure,
    api: &Api,
) -> JsValue {
    let context = Context {
        operation,
        attempts: call.attempts(),
        aftermath: None,
    };
    error::error(&context, failure, api)
}
