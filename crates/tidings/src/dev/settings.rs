//! The settings of `tidings dev`: those that were given, but for what must not be shown and what must not be reached.

use tidings_settings::{Loaded, Origin, Secret, Url};

use super::Keys;
use crate::output::note;

/// The setting that says where `dev` listens.
pub(crate) const SETTING: &str = "server.listen";

/// A file beside the real server's, so that a restart finds what was there and nobody's data are touched.
const STORE: &str = "sqlite:tidings-dev.db";

/// Settings that hold secrets or name what is shared; from a file or the environment they are not meant for `dev`.
const REPLACED: [&str; 4] = ["auth.api_keys", "auth.jwt_secret", "store.url", "broker.url"];

/// Makes settings fit for development, and returns the API key that may be shown.
///
/// Keys from a file or the environment belong to a real server, and the demo shows its keys to every program on this
/// machine; so they are put aside, and a note says so. What is given as a flag is meant, and stays.
pub(crate) fn for_development(loaded: &mut Loaded) -> String {
    let mut keys = Keys::draw();
    let given = loaded.settings.clone();
    keys.put_into(&mut loaded.settings.auth);
    (loaded.settings.store.url, loaded.settings.broker.url) = (Url::new(STORE), Url::new("local:"));
    for name in REPLACED {
        let settings = &mut loaded.settings;
        match loaded.origins.get(name) {
            None => continue,
            Some(Origin::Flag(_)) => match name {
                "auth.api_keys" => {
                    settings.auth.api_keys = given.auth.api_keys.clone();
                    if let Some(first) = given.auth.api_keys.first().map(Secret::expose) {
                        keys.api_key = first.to_owned();
                    }
                }
                "auth.jwt_secret" => settings.auth.jwt_secret = given.auth.jwt_secret.clone(),
                "store.url" => settings.store.url = given.store.url.clone(),
                _ => settings.broker.url = given.broker.url.clone(),
            },
            Some(origin) => {
                note(format_args!("{name} of {origin} is not used in development; --{name} would be"));
                loaded.origins.remove(name);
            }
        }
    }
    keys.api_key
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_settings::Sources;

    fn loaded(env: &[(&str, &str)], flags: &[(&str, &str)]) -> Loaded {
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        tidings_settings::load(Sources { file: None, env: owned(env), flags: owned(flags) }).unwrap()
    }

    #[test]
    fn a_real_servers_keys_are_put_aside() {
        let env = [
            ("TIDINGS_AUTH_JWT_SECRET", "real"),
            ("TIDINGS_AUTH_API_KEYS", "real"),
            ("DATABASE_URL", "postgres://db"),
        ];
        let mut loaded = loaded(&env, &[]);
        let shown = for_development(&mut loaded);
        let settings = &loaded.settings;
        assert_eq!((settings.auth.api_keys.len(), settings.auth.api_keys[0].expose()), (1, shown.as_str()));
        assert_ne!(settings.auth.jwt_secret.expose(), "real");
        assert_eq!(settings.store.url.expose(), STORE);
        assert_eq!(loaded.check_production(), [], "the drawn keys are strong ones");
    }

    #[test]
    fn what_a_flag_says_is_meant() {
        let mut loaded = loaded(&[], &[("auth.jwt_secret", "mine"), ("auth.api_keys", "one,two")]);
        assert_eq!(for_development(&mut loaded), "one");
        assert_eq!(loaded.settings.auth.jwt_secret.expose(), "mine");
        assert_eq!(loaded.settings.auth.api_keys.len(), 2);
    }

    #[test]
    fn keys_are_new_every_time() {
        let draw = || for_development(&mut loaded(&[], &[]));
        assert_ne!(draw(), draw());
    }
}
