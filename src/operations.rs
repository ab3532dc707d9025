//! Runs each operation as one promise: reads its options, runs the lifecycle, converts the errors.

use crate::answer::to_js;
use crate::error::{self, Aftermath, Context};
use crate::exchange::{Api, ApiError};
use crate::host::{self, Watch};
use crate::lifecycle::{
    self, Call, Collection, Counts, Created, Deletion, Horizon, Mark, Page, Rotated, Rotation,
    RotationError, Sweep, Thresholds, Unfinished,
};
use crate::lifecycle::{Rotator as _, Service as _};
use crate::options::{Given, Kind, Operation, Options, Passed, connection, key};
use crate::rotation::CallerStore;
use js_sys::{Array, Promise, Set};
use std::future::Future;
use std::pin::Pin;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

/// The work of an operation.
type Running<'a> = Pin<Box<dyn Future<Output = Result<JsValue, JsValue>> + 'a>>;

/// An operation under way: what all of them need.
struct Work {
    operation: &'static Operation,
    api: Api,
    /// The account's id; empty for a list of accounts.
    account: String,
    /// The user's id; empty for a list that is of no user.
    user: String,
    /// How long it has waited for the module to load.
    waited_ms: f64,
}

impl Work {
    /// Returns the error for the first option that is wrong.
    fn check(&self, options: Options) -> Result<(), JsValue> {
        let name = self.operation.name;
        let wrong = options.end();
        wrong.map_or(Ok(()), |invalid| Err(error::invalid(name, &invalid)))
    }

    fn begin(&self) -> Call<'_, Api> {
        let started_ms = self.api.elapsed_ms() - self.waited_ms;
        Call::since(started_ms, &self.api, self.api.limits())
    }

    fn context(&self, attempts: u32) -> Context<'static> {
        Context {
            operation: self.operation.name,
            attempts,
            aftermath: None,
        }
    }

    fn failed(&self, call: &Call<'_, Api>, failure: &ApiError) -> JsValue {
        error::error(&self.context(call.attempts()), failure, &self.api)
    }
}

/// Runs an operation with what the caller passed; see [`crate::run`].
pub fn run(
    operation: &'static Operation,
    text: String,
    numbers: Vec<f64>,
    values: Vec<JsValue>,
    beside: JsValue,
    waited_ms: f64,
) -> Promise {
    promise(Box::pin(async move {
        let mut passed = Passed::new(&text, numbers, values);
        let first = passed.given();
        let mut options = Options::read(passed, operation.table);
        let mut work = Work {
            operation,
            api: Api::new(connection::read(&mut options)),
            account: options.name("accountId"),
            user: options.name("userId"),
            waited_ms,
        };
        let watch = beside.unchecked_into();
        // Boxed, so that engines compile what is called, and a create does not take a rotation's memory.
        let outcome: Running<'_> = match operation.kind {
            Kind::Create => Box::pin(create(&mut work, options, first, watch)),
            Kind::Rotate => Box::pin(rotate(&mut work, options, first, watch)),
            Kind::Delete => Box::pin(delete(&work, options)),
            Kind::DeleteOrphans => Box::pin(delete_orphans(&work, options)),
            Kind::Audit => Box::pin(audit(&work, options)),
            _ => Box::pin(list(&work, options, first, watch.unchecked_into())),
        };
        outcome.await
    }))
}

/// Makes the promise of an operation. All operations share this function to keep the module small.
fn promise(work: Running<'static>) -> Promise {
    future_to_promise(work)
}

async fn create(
    work: &mut Work,
    mut options: Options,
    drawn: Given,
    watch: Watch,
) -> Result<JsValue, JsValue> {
    let mark = key::mark(&mut options, drawn);
    let key = key::read(&mut options, mark.as_ref());
    work.check(options)?;
    let mark = mark.as_ref();
    work.api.watch(&watch, mark);
    let call = work.begin();
    let create = lifecycle::Create {
        account: &work.account,
        user: &work.user,
        key: &key,
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
    finish(&work.api, watch, unfinished);
    outcome.map(|answer| answer.value()).map_err(|failure| {
        let context = Context {
            aftermath: Some(Aftermath {
                orphans,
                key_ids: &key_ids,
                attempt_tag: mark.map(|mark| mark.tag.as_str()),
                keep_key_id: None,
                live_key_ids: live.as_deref().map(|live| [live]),
            }),
            ..work.context(attempts)
        };
        error::error(&context, &failure, &work.api)
    })
}

async fn rotate(
    work: &mut Work,
    mut options: Options,
    drawn: Given,
    watch: Watch,
) -> Result<JsValue, JsValue> {
    let mark = Mark {
        tag: key::random(&mut options, drawn),
        call: None,
    };
    // A client's default is for keys without a predecessor, so it does not apply.
    let end = key::end(&mut options, false);
    let key_id = options.name("keyId");
    let persist = options.value("persist").unwrap_or_default();
    let verify = options.boolean("verify");
    let keep = options.amount("keep") as u32;
    let delete_unfinished = options.name("onUnfinished") == "delete";
    work.check(options)?;
    work.api.watch(&watch, Some(&mark));
    let api = &work.api;
    let call = work.begin();
    let store = CallerStore {
        api,
        watch: &watch,
        persist: persist.unchecked_into(),
    };
    let rotate = lifecycle::Rotate {
        account: &work.account,
        user: &work.user,
        key_id: &key_id,
        mark: &mark,
        end: end.as_ref(),
        verify,
        keep,
        delete_unfinished,
    };
    let Rotated {
        outcome,
        unfinished,
    } = rotate.run(&call, &store).await;
    let context = work.context(call.attempts());
    match outcome {
        Ok(Rotation {
            created,
            revoked,
            pending,
            is_token,
        }) => {
            // If the old key was the token, it may be gone, so the new key does the rest.
            let new = is_token.then(|| api.with_key_of(&created)).flatten();
            finish(new.as_ref().unwrap_or(api), watch, unfinished);
            let list = Array::new();
            for pending in &pending {
                let why = error::pending(&context, &pending.error, api);
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
            finish(api, watch, unfinished);
            let context = Context {
                aftermath: aftermath.as_ref().map(|aftermath| Aftermath {
                    orphans: aftermath.orphans,
                    key_ids: &aftermath.key_ids,
                    attempt_tag: Some(&mark.tag),
                    keep_key_id: aftermath.keep.as_deref(),
                    // The rotation's own field names all keys that are alive.
                    live_key_ids: None,
                }),
                ..context
            };
            Err(error::rotation(&context, stage, &kind, &live, api))
        }
    }
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

async fn delete(work: &Work, mut options: Options) -> Result<JsValue, JsValue> {
    let key_id = options.name("keyId");
    let missing_ok = options.boolean("missingOk");
    work.check(options)?;
    let call = work.begin();
    let deletion = Deletion {
        account: &work.account,
        user: &work.user,
    };
    match deletion.run(&call, &key_id, missing_ok).await {
        Ok(()) => Ok(JsValue::UNDEFINED),
        Err(failure) => Err(work.failed(&call, &failure)),
    }
}

async fn delete_orphans(work: &Work, mut options: Options) -> Result<JsValue, JsValue> {
    let sweep = Sweep {
        account: work.account.clone(),
        user: work.user.clone(),
        mark: Some(Mark {
            tag: options.name("attemptTag"),
            call: None,
        }),
        keep: options.text("keepKeyId"),
        named: None,
    };
    work.check(options)?;
    let call = work.begin();
    let mut deleted = Vec::new();
    match sweep.run(&call, &mut deleted).await {
        Ok(_) => to_js(&deleted),
        Err(failure) => Err(work.failed(&call, &failure)),
    }
}

async fn audit(work: &Work, mut options: Options) -> Result<JsValue, JsValue> {
    let query = options.query(&["filter"]);
    let thresholds = Thresholds {
        stale_after_ms: options.amount("staleAfter") * 1_000.0,
        expiring_within_ms: options.amount("expiringWithin") * 1_000.0,
    };
    work.check(options)?;
    let call = work.begin();
    let audited = lifecycle::audit(&call, &work.account, &work.user, &query, thresholds).await;
    let audited = audited.map_err(|failure| work.failed(&call, &failure))?;
    let keys = Array::new();
    for audited in &audited {
        let entry = host::audited(&audited.key.value(), &to_js(&audited.findings)?);
        keys.push(&entry);
    }
    Ok(host::audit(&keys, &to_js(&Counts::of(&audited))?))
}

/// Lists one page. The token that is given first asks for a later one than the options do.
async fn list(
    work: &Work,
    mut options: Options,
    token: Given,
    seen: Set,
) -> Result<JsValue, JsValue> {
    let asked = options.text("pageToken");
    let mut query = options.query(&["filter", "orderBy", "readMask"]);
    work.check(options)?;
    let token = match token {
        Given::Text(token) => Some(token),
        _ => asked,
    };
    if let Some(token) = token {
        seen.add(&token.as_str().into());
        query.push(("pageToken", token));
    }
    let call = work.begin();
    let (account, user) = (&*work.account, &*work.user);
    let page = Page {
        collection: match work.operation.kind {
            Kind::ListUsers => Collection::Users { account },
            Kind::ListAccounts => Collection::Accounts,
            _ => Collection::Keys { account, user },
        },
        query: &query,
    };
    let mut remember = |token: &str| {
        let token = token.into();
        let new = !seen.has(&token);
        seen.add(&token);
        new
    };
    match lifecycle::page(&call, &page, &mut remember).await {
        Ok(answer) => Ok(answer.value()),
        Err(failure) => Err(work.failed(&call, &failure)),
    }
}
