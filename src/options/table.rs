//! The options of every operation: the name, the kind, the default and whether it is required. The
//! module reads them from here, and `tests/package/options.test.mjs` holds the types and documents against
//! it.

/// An option.
#[derive(Clone, Copy)]
pub struct Spec {
    /// Its name.
    pub name: &'static str,
    /// What it must be.
    pub kind: Kind,
    /// Its value where it is left out.
    pub default: DefaultValue,
    /// What is wrong where neither the caller nor a client's defaults have it; [`None`] if it may be left
    /// out.
    pub required: Option<&'static str>,
}

/// What an option must be. Its letter tells JavaScript how to describe the value; see `src/js/options.ts`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Text, which may be empty.
    Text,
    /// Text that is not empty.
    Name,
    /// The id of an account or a user: one path segment.
    Id,
    /// The same, or `-` for all users.
    Owner,
    /// One of the words that `onUnfinished` may be.
    OnUnfinished,
    /// A positive number of milliseconds; infinite means no limit.
    Milliseconds,
    /// An integer that is not negative.
    Count,
    /// A positive int32.
    PageSize,
    /// `true` or `false`.
    Boolean,
    /// A function.
    Function,
    /// A credential, or a function that returns one.
    Token,
    /// An AbortSignal.
    Signal,
    /// The caller's own headers.
    Headers,
    /// A plain object of text.
    Annotations,
    /// RFC 3339 text or a Date.
    Time,
    /// A positive number of seconds, or text such as `36h`.
    Duration,
    /// The same, or `never`.
    Lifetime,
    /// Accepted and not read.
    Ignored,
}

/// The value of an option that is left out.
#[derive(Clone, Copy)]
pub enum DefaultValue {
    /// None: leaving it out has a meaning of its own.
    Nothing,
    /// This one.
    Boolean(bool),
    /// This one, of the unit that the kind says.
    Number(f64),
    /// This one.
    Text(&'static str),
}

use DefaultValue::{Boolean, Nothing, Number, Text};

impl Kind {
    /// How JavaScript describes a value of this kind.
    pub fn letter(self) -> char {
        match self {
            Self::Text | Self::Name | Self::Id | Self::Owner | Self::OnUnfinished => 's',
            Self::Milliseconds | Self::Count | Self::PageSize => 'n',
            Self::Boolean => 'b',
            Self::Function => 'f',
            Self::Token => 'k',
            Self::Signal => 'g',
            Self::Headers => 'h',
            Self::Annotations => 'r',
            Self::Time => 'd',
            Self::Duration | Self::Lifetime => 'e',
            Self::Ignored => '-',
        }
    }
}

const fn option(name: &'static str, kind: Kind, default: DefaultValue) -> Spec {
    Spec {
        name,
        kind,
        default,
        required: None,
    }
}

const fn required(name: &'static str, kind: Kind, what: &'static str) -> Spec {
    Spec {
        name,
        kind,
        default: Nothing,
        required: Some(what),
    }
}

const IS_REQUIRED: &str = "is required";
const DAY_S: f64 = 86_400.0;

/// The options of every operation, but for the ids of the account and the user.
static COMMON: &[Spec] = &[
    required(
        "token",
        Kind::Token,
        "is required: an existing Fireworks API key",
    ),
    option("baseUrl", Kind::Text, Text("https://api.fireworks.ai")),
    option("allowHttp", Kind::Boolean, Boolean(false)),
    option("fetch", Kind::Function, Nothing),
    option("headers", Kind::Headers, Nothing),
    option("timeoutMs", Kind::Milliseconds, Number(30_000.0)),
    option("totalTimeoutMs", Kind::Milliseconds, Number(120_000.0)),
    option("maxRetries", Kind::Count, Number(2.0)),
    option("signal", Kind::Signal, Nothing),
    option("waitUntil", Kind::Function, Nothing),
    option("onEvent", Kind::Function, Nothing),
];

static OF_ACCOUNT: &[Spec] = &[required(
    "accountId",
    Kind::Id,
    "is required: listAccounts({ token }) finds it",
)];
static OF_USER: &[Spec] = &[required("userId", Kind::Id, IS_REQUIRED)];
static OF_OWNER: &[Spec] = &[required("userId", Kind::Owner, IS_REQUIRED)];
static OF_NO_USER: &[Spec] = &[option("userId", Kind::Ignored, Nothing)];
static OF_NO_ACCOUNT: &[Spec] = &[option("accountId", Kind::Ignored, Nothing)];

static OF_CREATES: &[Spec] = &[
    option("displayName", Kind::Text, Nothing),
    option("annotations", Kind::Annotations, Nothing),
    option("orphanProtection", Kind::Boolean, Boolean(true)),
];
static OF_DELETES: &[Spec] = &[option("missingOk", Kind::Boolean, Boolean(false))];
static OF_LISTS: &[Spec] = &[
    option("pageSize", Kind::PageSize, Nothing),
    option("filter", Kind::Text, Nothing),
    option("readMask", Kind::Text, Nothing),
];
static OF_ORDERED_LISTS: &[Spec] = &[option("orderBy", Kind::Text, Nothing)];
static OF_AUDITS: &[Spec] = &[
    option("pageSize", Kind::PageSize, Nothing),
    option("filter", Kind::Text, Nothing),
    option("staleAfter", Kind::Duration, Number(90.0 * DAY_S)),
    option("expiringWithin", Kind::Duration, Number(14.0 * DAY_S)),
];
static OF_ROTATIONS: &[Spec] = &[
    required(
        "persist",
        Kind::Function,
        "is required: a function that stores the new key",
    ),
    option("verify", Kind::Boolean, Boolean(true)),
    // A key that somebody read from the store before this rotation works until the next one.
    option("keep", Kind::Count, Number(1.0)),
    option("onUnfinished", Kind::OnUnfinished, Text("error")),
];
static LIFETIME: &[Spec] = &[
    option("expireTime", Kind::Time, Nothing),
    option("expiresIn", Kind::Lifetime, Nothing),
];

// These belong to one call. If two creates shared a default tag, `deleteOrphans` could not tell them apart.
static OF_ONE_CREATE: &[Spec] = &[option("attemptTag", Kind::Name, Nothing)];
static OF_ONE_KEY: &[Spec] = &[required("keyId", Kind::Name, IS_REQUIRED)];
static OF_ONE_SWEEP: &[Spec] = &[
    required("attemptTag", Kind::Name, IS_REQUIRED),
    option("keepKeyId", Kind::Name, Nothing),
];
static OF_ONE_LIST: &[Spec] = &[option("pageToken", Kind::Text, Nothing)];

/// The options of one operation.
pub type Table = &'static [&'static [Spec]];

/// What `createApiKey` takes.
pub static CREATE: Table = &[
    COMMON,
    OF_ACCOUNT,
    OF_USER,
    OF_CREATES,
    LIFETIME,
    OF_ONE_CREATE,
];
/// What `deleteApiKey` takes.
pub static DELETE: Table = &[COMMON, OF_ACCOUNT, OF_USER, OF_DELETES, OF_ONE_KEY];
/// What `deleteOrphans` takes.
pub static DELETE_ORPHANS: Table = &[COMMON, OF_ACCOUNT, OF_USER, OF_ONE_SWEEP];
/// What `listApiKeys` takes.
pub static LIST_KEYS: Table = &[
    COMMON,
    OF_ACCOUNT,
    OF_OWNER,
    OF_LISTS,
    OF_ORDERED_LISTS,
    OF_ONE_LIST,
];
/// What `listUsers` takes.
pub static LIST_USERS: Table = &[
    COMMON,
    OF_ACCOUNT,
    OF_NO_USER,
    OF_LISTS,
    OF_ORDERED_LISTS,
    OF_ONE_LIST,
];
/// What `listAccounts` takes.
pub static LIST_ACCOUNTS: Table = &[COMMON, OF_NO_ACCOUNT, OF_NO_USER, OF_LISTS, OF_ONE_LIST];
/// What `auditApiKeys` takes.
pub static AUDIT: Table = &[COMMON, OF_ACCOUNT, OF_OWNER, OF_AUDITS];
/// What `rotateApiKey` takes.
pub static ROTATE: Table = &[
    COMMON,
    OF_ACCOUNT,
    OF_USER,
    OF_ROTATIONS,
    LIFETIME,
    OF_ONE_KEY,
];
/// What a client's defaults may hold. Each operation uses the ones that it takes.
pub static DEFAULTS: Table = &[
    COMMON,
    OF_ACCOUNT,
    OF_USER,
    OF_CREATES,
    LIFETIME,
    OF_DELETES,
    OF_LISTS,
    OF_ORDERED_LISTS,
    OF_AUDITS,
    OF_ROTATIONS,
];

/// Whether this option belongs to one call, so that a client cannot have a default for it.
pub fn is_of_one_call(name: &str) -> bool {
    let of_one_call = [OF_ONE_CREATE, OF_ONE_KEY, OF_ONE_SWEEP, OF_ONE_LIST];
    let mut of_one_call = of_one_call.iter().flat_map(|specs| specs.iter());
    of_one_call.any(|spec| spec.name == name)
}

/// The table as JavaScript reads it: for each option the letter of its kind and its name, with a space
/// between two of them.
pub fn described(table: Table) -> String {
    let mut text = String::new();
    for spec in table.iter().flat_map(|specs| specs.iter()) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push(spec.kind.letter());
        text.push_str(spec.name);
    }
    text
}
