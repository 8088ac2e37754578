//! Letters about an account.

use boxoffice_contract::Timestamp;

use crate::content::{Block, Content, Fact, Reader};
use crate::letter::{
    AccountDeleted, AddressChanged, ConfirmAddress, ExportReady, FactorsChanged, NewDevice,
    PasswordChanged, ResetPassword, SignIn, VerifyAddress,
};

/// The page where one asks for a new password.
const FORGOTTEN: &str = "/forgotten";
/// The page with one's sessions.
const SESSIONS: &str = "/sessions";

const OF_ACCOUNT: &str = "You get this e-mail because it is about the safety of your account.";

pub(crate) fn verify_address(letter: &VerifyAddress, reader: &Reader) -> Content {
    let VerifyAddress { code, link } = letter;
    Content {
        subject: "Confirm your e-mail address".to_owned(),
        heading: "Confirm your e-mail address",
        blocks: vec![
            Block::say("Somebody, most likely you, opened an account with this address."),
            Block::say("Type this code on the page that asks for it, or follow the link below."),
            Block::Code(code.clone()),
            Block::Button { label: "Confirm the address", url: reader.url(link) },
            Block::say(
                "If you did not open an account, ignore this e-mail. The address then stays \
                 unconfirmed.",
            ),
        ],
        reason: "You get this e-mail because somebody gave this address for an account.",
    }
}

pub(crate) fn reset_password(letter: &ResetPassword, reader: &Reader) -> Content {
    let ResetPassword { link, minutes } = letter;
    let time = time(*minutes);
    Content {
        subject: "Choose a new password".to_owned(),
        heading: "Choose a new password",
        blocks: vec![
            Block::say("Somebody, most likely you, asked for a new password for your account."),
            Block::Button { label: "Choose a password", url: reader.url(link) },
            Block::say(format!("The link works once, within {time}. Show it to nobody.")),
            Block::say("If you did not ask, ignore this e-mail. Your password stays as it is."),
        ],
        reason: OF_ACCOUNT,
    }
}

pub(crate) fn password_changed(letter: &PasswordChanged, reader: &Reader) -> Content {
    let PasswordChanged { at, device, client } = letter;
    Content {
        subject: "Your password was changed".to_owned(),
        heading: "Your password was changed",
        blocks: vec![
            Block::say(
                "Your account has a new password. All other devices are signed out. If you changed \
                 it, there is nothing left to do.",
            ),
            Block::Facts(whereabouts(*at, device.as_deref(), client.as_deref(), reader)),
            Block::say("If it was not you, choose a new password now."),
            Block::Button { label: "Choose a new password", url: reader.url(FORGOTTEN) },
        ],
        reason: OF_ACCOUNT,
    }
}

pub(crate) fn new_device(letter: &NewDevice, reader: &Reader) -> Content {
    let NewDevice { at, device, client } = letter;
    Content {
        subject: "New sign-in to your account".to_owned(),
        heading: "New sign-in to your account",
        blocks: vec![
            Block::say(
                "Somebody signed in to your account on a device that we do not know. If it was \
                 you, there is nothing to do.",
            ),
            Block::Facts(whereabouts(*at, Some(device), client.as_deref(), reader)),
            Block::say("If it was not you, end that session. Then change your password."),
            Block::Button { label: "Show my sessions", url: reader.url(SESSIONS) },
        ],
        reason: OF_ACCOUNT,
    }
}

pub(crate) fn sign_in(letter: &SignIn, reader: &Reader) -> Content {
    let SignIn { code, link, minutes } = letter;
    let time = time(*minutes);
    Content {
        subject: "Sign in to your account".to_owned(),
        heading: "Sign in to your account",
        blocks: vec![
            Block::say("Somebody, most likely you, wants to sign in without a password."),
            Block::say("Follow the link, or type this code on the page that asks for it."),
            Block::Code(code.clone()),
            Block::Button { label: "Sign in", url: reader.url(link) },
            Block::say(format!(
                "Both work once, within {time}. Show them to nobody: we never ask for them."
            )),
            Block::say("If you did not ask, ignore this e-mail. Nobody is signed in then."),
        ],
        reason: OF_ACCOUNT,
    }
}

pub(crate) fn export_ready(letter: &ExportReady, reader: &Reader) -> Content {
    let ExportReady { link, until } = letter;
    Content {
        subject: "Your data are ready".to_owned(),
        heading: "Your data are ready",
        blocks: vec![
            Block::say("The file with everything that we know of you is made, as you asked."),
            Block::Facts(vec![Fact::ours("Removed", reader.moment(*until, None))]),
            Block::Button { label: "Download the file", url: reader.url(link) },
            Block::say(
                "Only you can download it: sign in first. Keep it where nobody else reads it.",
            ),
            Block::say("If you did not ask for it, change your password now."),
        ],
        reason: OF_ACCOUNT,
    }
}

pub(crate) fn factors_changed(letter: &FactorsChanged, reader: &Reader) -> Content {
    let FactorsChanged { at, device, client } = letter;
    Content {
        subject: "The ways to sign in to your account were changed".to_owned(),
        heading: "The ways to sign in were changed",
        blocks: vec![
            Block::say(
                "A passkey, an authenticator app or the recovery codes of your account were added, \
                 replaced or removed. If you did it, there is nothing left to do.",
            ),
            Block::Facts(whereabouts(*at, device.as_deref(), client.as_deref(), reader)),
            Block::say(
                "If it was not you, end the sessions that you do not know. Then change your password.",
            ),
            Block::Button { label: "Show my sessions", url: reader.url(SESSIONS) },
        ],
        reason: OF_ACCOUNT,
    }
}

pub(crate) fn confirm_address(letter: &ConfirmAddress, reader: &Reader) -> Content {
    let ConfirmAddress { code, link } = letter;
    Content {
        subject: "Confirm your new e-mail address".to_owned(),
        heading: "Confirm your new e-mail address",
        blocks: vec![
            Block::say("Somebody, most likely you, wants this address for their account."),
            Block::say(
                "Where you are signed in, type this code on the page of your account, or follow \
                 the link. Both work for an hour.",
            ),
            Block::Code(code.clone()),
            Block::Button { label: "Confirm the address", url: reader.url(link) },
            Block::say("If it was not you, ignore this e-mail. Nothing changes then."),
        ],
        reason: "You get this e-mail because somebody gave this address for their account.",
    }
}

pub(crate) fn address_changed(letter: &AddressChanged, reader: &Reader) -> Content {
    let AddressChanged { at, device, client, link, until } = letter;
    let mut facts = whereabouts(*at, device.as_deref(), client.as_deref(), reader);
    facts.push(Fact::ours("Way back until", reader.moment(*until, None)));
    Content {
        subject: "Your e-mail address was changed".to_owned(),
        heading: "Your e-mail address was changed",
        blocks: vec![
            Block::say(
                "Your account has another e-mail address, and this one is no longer part of it. If \
                 you changed it, there is nothing left to do.",
            ),
            Block::Facts(facts),
            Block::say(
                "If it was not you, take this address back. Everybody is then signed out, and you \
                 choose a new password.",
            ),
            Block::Button { label: "Take the address back", url: reader.url(link) },
        ],
        reason: OF_ACCOUNT,
    }
}

/// Writes for how long something works.
fn time(minutes: i64) -> String {
    match minutes {
        1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

pub(crate) fn account_deleted(_: &AccountDeleted, _: &Reader) -> Content {
    Content {
        subject: "Your account is deleted".to_owned(),
        heading: "Your account is deleted",
        blocks: vec![
            Block::say("Your account is deleted, and you are signed out everywhere."),
            Block::say(
                "We keep what you bought and sold, and for how much, as the law asks. Your address \
                 and your name are no longer part of it.",
            ),
            Block::say("This is the last e-mail to this address. You can open an account again."),
        ],
        reason: "You get this e-mail because the account with this address was deleted.",
    }
}

/// Lists when and where something was done. Nobody knows the reader's time zone: it is UTC.
fn whereabouts(
    at: Timestamp,
    device: Option<&str>,
    client: Option<&str>,
    reader: &Reader,
) -> Vec<Fact> {
    let facts = [
        Some(Fact::ours("Time", reader.moment(at, None))),
        device.map(|device| Fact::theirs("Device", device)),
        client.map(|client| Fact::theirs("Network", client)),
    ];
    facts.into_iter().flatten().collect()
}
