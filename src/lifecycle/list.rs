//! Lists, page by page. A page token that comes again is an error, not an endless loop.

use super::names::sorted;
use super::{Answer, Call, Error, Item, Outcome, Request, Service, path};

/// The field of a page that says where the next one starts.
const TOKEN: &str = "nextPageToken";

/// What is wrong with a list's key that cannot be told from others.
pub const NO_ID: &str = "a key of its list has no keyId";

/// What is listed.
#[derive(Debug, Clone, Copy)]
pub enum Collection<'a> {
    /// The keys of a user, or of all users (`-`).
    Keys {
        /// The account's id.
        account: &'a str,
        /// The user's id.
        user: &'a str,
    },
    /// The users and service accounts of an account.
    Users {
        /// The account's id.
        account: &'a str,
    },
    /// The accounts that the token may see.
    Accounts,
}

impl Collection<'_> {
    /// The list's name in an answer.
    fn field(self) -> &'static str {
        match self {
            Self::Keys { .. } => "apiKeys",
            Self::Users { .. } => "users",
            Self::Accounts => "accounts",
        }
    }
}

/// One page of a list.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// What is listed.
    pub collection: Collection<'a>,
    /// The query's names and values, not yet encoded.
    pub query: &'a [(&'static str, String)],
}

/// Fetches one page. `remember` is given the token of the next page, if there is one, and says
/// whether it is new.
pub async fn page<S: Service>(
    call: &Call<'_, S>,
    page: &Page<'_>,
    remember: &mut dyn FnMut(&str) -> bool,
) -> Outcome<S> {
    let base = match page.collection {
        Collection::Keys { account, user } => path::keys(account, user),
        Collection::Users { account } => path::users(account),
        Collection::Accounts => path::ACCOUNTS.into(),
    };
    let request = Request {
        method: "GET",
        path: path::with_query(base, page.query),
        payload: None,
    };
    let answer = call.send(request).await.outcome?;
    let reason = match answer.item() {
        None => "its body is no JSON object",
        Some(_) if !answer.is_page(page.collection.field()) => {
            "its body holds something that is no list"
        }
        Some(item) if !item.holds(TOKEN) && !item.is_blank(TOKEN) => "its page token is no string",
        Some(item) if !item.text(TOKEN).is_none_or(|token| remember(&token)) => {
            "its page token repeats an earlier one"
        }
        Some(_) => return Ok(answer),
    };
    Err(Box::new(Error::Unreadable { answer, reason }))
}

/// Fetches every page, beginning with the given one, and hands each to `visit`. If `visit` returns what
/// is wrong with a page, that ends the list as an error.
pub async fn pages<S: Service>(
    call: &Call<'_, S>,
    first: &Page<'_>,
    visit: &mut dyn FnMut(&S::Answer) -> Result<(), &'static str>,
) -> Outcome<S, ()> {
    let mut tokens: Vec<String> = Vec::new();
    loop {
        let mut query = first.query.to_vec();
        if let Some(token) = tokens.last() {
            query.push(("pageToken", token.clone()));
        }
        let this = Page {
            query: &query,
            ..*first
        };
        let known = tokens.len();
        let mut remember = |token: &str| {
            let new = !tokens.iter().any(|seen| seen == token);
            tokens.push(token.into());
            new
        };
        let answer = page(call, &this, &mut remember).await?;
        if let Err(reason) = visit(&answer) {
            return Err(Box::new(Error::Unreadable { answer, reason }));
        }
        if tokens.len() == known {
            return Ok(());
        }
    }
}

/// Hands every key of a user to `visit`, as [`pages`] does with pages. A list that is shorter than it says
/// is an error: what it lacks may be there. Returns when the first page was made, by the server's clock, if
/// its answer says so.
pub async fn every_key<S: Service>(
    call: &Call<'_, S>,
    account: &str,
    user: &str,
    query: &[(&'static str, String)],
    visit: &mut dyn FnMut(<S::Answer as Answer>::Item) -> Result<(), &'static str>,
) -> Outcome<S, Option<f64>> {
    let first = Page {
        collection: Collection::Keys { account, user },
        query,
    };
    // It is not known whether a filter changes what a page says of the whole list.
    let is_whole = query.iter().all(|(name, _)| *name != "filter");
    // Where keys come and go, the same one may stand on two pages.
    let mut ids = Vec::new();
    let mut nameless = 0.0;
    let mut date_ms = None;
    let mut total = None::<f64>;
    pages(call, &first, &mut |answer: &S::Answer| {
        date_ms = date_ms.or_else(|| answer.date_ms());
        for key in answer.items("apiKeys") {
            match key.text("keyId") {
                Some(id) => ids.push(id),
                None => nameless += 1.0,
            }
            visit(key)?;
        }
        // Keys come and go meanwhile, so the least that a page says is what must be there.
        total = match (answer.total_size(), total) {
            (Some(size), Some(least)) => Some(size.min(least)),
            (size, least) => size.or(least),
        };
        let is_last = answer.item().is_none_or(|page| page.is_blank(TOKEN));
        let count = || {
            let ids = sorted(&mut ids.iter().map(String::as_bytes));
            nameless + ids.chunk_by(|(one, _), (other, _)| one == other).count() as f64
        };
        if is_whole && is_last && total.is_some_and(|total| count() < total) {
            return Err("its list is shorter than its totalSize");
        }
        Ok(())
    })
    .await?;
    Ok(date_ms)
}
