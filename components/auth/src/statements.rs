//! Every statement of this service.

use boxoffice_account_proof::Purpose;
use boxoffice_contract::people::{Export, ExportStatus};
use boxoffice_contract::{
    ExportId, IdentityId, LetterId, OperationId, PasskeyId, SessionId, UserId,
};
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::statements;

use crate::account::{self, NewAccount};
use crate::address_change::{self, NewChange};
use crate::challenge::{self, For, NewChallenge};
use crate::farewell::Farewell;
use crate::notice::{self, NewNotice};
use crate::oidc::NewProven;
use crate::oidc::identity::{self, NewIdentity};
use crate::operations::{self, NewOperation};
use crate::passkeys::{self, Added, Claimed};
use crate::proof::{self, NewProof};
use crate::recovery::{self, NewCode};
use crate::session::{self, Ended, NewSession};
use crate::{deletion, ended, export, factors, farewell, gate, letters, person, totp, visitor};

#[test]
fn every_statement_is_listed() {
    let (email, now) = (String::new(), Timestamp::from_millis(0));
    let account = NewAccount {
        id: UserId::nil(),
        email: email.clone(),
        password_hash: String::new(),
        locale: None,
        created_at: now,
    };
    let letter = LetterId::nil();
    let (id, session) = (UserId::nil(), SessionId::nil());
    let begun = NewSession {
        id: session,
        account_id: id,
        device: String::new(),
        client: None,
        created_at: now,
        expires_at: now,
    };
    let proof = NewProof::new(Purpose::Verify, id, &email);
    let notice = NewNotice {
        id: letter,
        account_id: id,
        device: String::new(),
        client: None,
        created_at: now,
        expires_at: now,
    };
    let change = NewChange {
        id: letter,
        account_id: id,
        old_email: email.clone(),
        device: String::new(),
        client: None,
        created_at: now,
        expires_at: now,
    };
    let identity = NewIdentity {
        id: IdentityId::nil(),
        issuer: String::new(),
        subject: String::new(),
        account_id: id,
        created_at: now,
    };
    let proven = NewProven {
        id,
        email: email.clone(),
        password_hash: String::new(),
        locale: None,
        verified_at: now,
        created_at: now,
    };
    let operation = NewOperation {
        id: OperationId::nil(),
        account_id: id,
        deed: String::new(),
        role: None,
        reason: None,
        operator: String::new(),
        created_at: now,
    };
    let one = || Ended { id: session, expires_at: now };
    let asked = NewChallenge {
        challenge: email.clone(),
        purpose: email.clone(),
        account_id: None,
        expires_at: now,
    };
    let passkey = PasskeyId::nil();
    let added = Added {
        id: passkey,
        account_id: id,
        credential_id: email.clone(),
        public_key: email.clone(),
        sign_count: 0,
        name: email.clone(),
        transports: email.clone(),
        created_at: now,
    };
    let code = || NewCode { account_id: id, digest: email.clone(), created_at: now };
    let codes: Vec<NewCode> =
        (0..boxoffice_contract::factors::RECOVERY_CODES).map(|_| code()).collect();
    let export = Export {
        id: ExportId::nil(),
        status: ExportStatus::Making,
        created_at: now,
        expires_at: now,
    };
    let making = export::Making {
        id: ExportId::nil(),
        account_id: id,
        stage: 0,
        reached: None,
        parts: 0,
        tries: 0,
    };
    let farewell = Farewell {
        id: letter,
        account_id: id,
        email: email.clone(),
        locale: None,
        expires_at: now,
    };
    let mut all = vec![
        farewell.insert(),
        farewell::of_farewell(id, letter, now),
        farewell::of_export(id, letter, now),
        farewell::sweeping(now),
        deletion::removing(id, Some("")),
        deletion::removing(id, None),
        deletion::asked(),
        deletion::answering(id),
        export::beginning(&export, id),
        export::of_account(id, now),
        export::of_id(ExportId::nil(), id, now),
        export::parts(ExportId::nil()),
        export::any_due(now),
        export::taking_up(now),
        export::advancing(&making, true, now),
        export::adding(ExportId::nil(), 0, ""),
        export::giving_back(&making, now),
        export::putting_off(&making, now),
        export::failing(&making, now),
        export::any_ended(now),
        export::sweeping(now),
        export::sweeping_parts(ExportId::nil()),
        person::accounts(id, "", 1),
        person::sessions(id, "", 1),
        person::notices(id, "", 1),
        person::former_addresses(id, "", 1),
        person::exports(id, "", 1),
        person::passkeys(id, "", 1),
        person::apps(id, "", 1),
        person::identities(id, "", 1),
        account.insert(),
        account::of_address(&email),
        account::verifying(id, &email, now),
        account::claiming(id, &email, now),
        account::changing_password(id, &email, &email, now),
        account::resetting_password(id, &email, &email, now),
        account::speaking(id, &email),
        account::of_id(id),
        account::of_guest(&email, now),
        account::displacing(&email, id, now),
        account::readdressing(id, &email, &email, now),
        account::restoring(id, &email, now),
        proof.superseding(),
        proof::of_id(letter, Purpose::Reset),
        proof::using(letter, Purpose::Reset, now),
        proof::newest(id, Purpose::SignIn),
        proof::trying(id, Purpose::Verify, now),
        proof::ending_all(id, now),
        proof::ending_others(id, now),
        proof::sweeping(now),
        change.insert(),
        address_change::ending(id, now, now),
        address_change::of_id(letter),
        address_change::sweeping(now),
        notice.insert(),
        notice::sweeping(now),
        begun.insert(),
        session::entering(id),
        session::seeing(session, now),
        session::ending_suspended(now),
        session::of_account(id, now),
        session::known(session, id),
        session::lasting(session, id),
        session::ending(session, id, now),
        session::ending_all(id, None, now),
        session::signing_out(id, now),
        session::sweeping(now),
        gate::standing(id),
        factors::password_of(id),
        asked.insert(),
        challenge::using(&email, For::Add, now),
        challenge::sweeping(now),
        added.insert(),
        passkeys::of_account(id),
        passkeys::of_credential(&email),
        passkeys::using(&Claimed::nobody(), 0, now),
        passkeys::renaming(passkey, id, &email),
        passkeys::removing(passkey, id),
        passkeys::forgetting(id),
        totp::beginning(id, &email, now),
        totp::pending(id),
        totp::confirmed(id),
        totp::confirming(id, &email, 0, now),
        totp::using(id, 0),
        totp::removing(id),
        totp::forgetting(id),
        NewCode::insert_all(&codes),
        recovery::using(id, &email, now),
        recovery::forgetting(id),
        visitor::standing(id, None),
        letters::of_letter(id, letter),
        identity.insert(),
        identity::of(&email, &email),
        identity::of_account(id),
        identity::unlinking(IdentityId::nil(), id),
        identity::unlinking_all(id),
        account::locking(id),
        proven.insert(),
        operation.insert(),
        operations::named(&email),
        operations::changing_roles(id, &email, &email),
        operations::suspending(id, None, now),
        operations::restoring(id),
        ended::untold_sessions(now),
        ended::untold_accounts(),
        ended::told_sessions(&[one()], now),
        ended::told_sessions(&[one(), one()], now),
        ended::told_account(id, now, now),
        ended::forgetting_sessions(now),
        ended::forgetting_accounts(),
    ];
    all.extend(person::forgetting(id, &email));
    statements::check(env!("CARGO_MANIFEST_DIR"), &[], &all);
}
